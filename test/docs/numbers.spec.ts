import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_GROWTH } from '../../libs/chat/src/messages/growth/growth.options.js';
import { resolveOptions } from '../../libs/client/src/client-options.js';
import { DEFAULT_PRESENCE } from '../../libs/messages/src/presence/presence.options.js';
import { DEFAULT_TUNING } from '../../libs/messages/src/redis/connection/redis.options.js';
import { resolveShutdown } from '../../libs/streams/src/shutdown-times.js';
import { DEFAULT_LIMITS } from '../../libs/streams/src/streams-limits.js';
import { DEFAULT_HEARTBEAT, DEFAULT_RECHECK_MS } from '../../libs/streams/src/streams-server.js';
import { docPages } from './doc-pages.mjs';
import { defaultsIn, namedNumbersIn, type NamedNumber } from './numbers.js';

const ROOT = resolve(import.meta.dirname, '../..');
const pages = ['README.md', ...docPages().map((name) => `docs/${name}`)].map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), 'utf8'),
}));

const client = resolveOptions({ url: 'ws://localhost', messages: [], webSocket: class {} } as never);
/** The defaults by name; two options of different modules may share one. */
const DEFAULTS = [
  DEFAULT_LIMITS,
  DEFAULT_HEARTBEAT,
  { recheckMs: DEFAULT_RECHECK_MS },
  resolveShutdown(),
  client,
  DEFAULT_TUNING,
  DEFAULT_PRESENCE,
  DEFAULT_GROWTH,
] as ReadonlyArray<Readonly<Record<string, unknown>>>;

const valuesOf = (name: string): unknown[] =>
  DEFAULTS.flatMap((defaults) => (name in defaults ? [defaults[name]] : []));

function wrong(numbers: readonly NamedNumber[]): string[] {
  return numbers
    .filter(({ name, value }) => valuesOf(name).length > 0 && !valuesOf(name).includes(value))
    .map(({ text }) => text);
}

describe('A number in prose', () => {
  it.each(pages)('is that of the constant that stands beside it, in $path', ({ text }) => {
    expect(wrong(namedNumbersIn(text))).toEqual([]);
  });

  it('is checked where a page has one', () => {
    const checked = pages
      .flatMap(({ text }) => namedNumbersIn(text))
      .filter(({ name }) => valuesOf(name).length);

    expect(checked.length).toBeGreaterThan(10);
  });

  it('is found in either order, and with its unit', () => {
    const page =
      'after 30 s (`healthyMs`), `limits.helloTimeoutMs` (10 s), `maxUnreadMessages` (1,000), `maxAgeMs` (24 h)';

    expect(namedNumbersIn(page).map(({ name, value }) => [name, value])).toEqual([
      ['helloTimeoutMs', 10_000],
      ['maxUnreadMessages', 1_000],
      ['maxAgeMs', 86_400_000],
      ['healthyMs', 30_000],
    ]);
    expect(wrong(namedNumbersIn(page))).toEqual(['30 s (`healthyMs`)']);
  });
});

describe('A default in docs/configuration.md', () => {
  const page = pages.find(({ path }) => path === 'docs/configuration.md')!.text;

  it('is that of the code', () => {
    expect(wrong(defaultsIn(page))).toEqual([]);
  });

  it('stands there for each limit', () => {
    const explained = new Set(defaultsIn(page).map(({ name }) => name));

    expect(Object.keys(DEFAULT_LIMITS).filter((name) => !explained.has(name))).toEqual([]);
  });

  it('is noticed when it is another one', () => {
    const stale = '| `maxStreams` | 65 open streams | … |\n| `maxRetryMs` | 20,000 ms | … |\n';

    expect(wrong(defaultsIn(stale))).toEqual(['| `maxStreams` | 65 open streams |']);
  });
});
