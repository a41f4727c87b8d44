import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CHAT_MESSAGES } from '@nestwire/chat/client';

const ROOT = resolve(import.meta.dirname, '../../..');
const WIRE = join(ROOT, 'libs/chat/src/wire');
const page = readFileSync(join(ROOT, 'docs/chat/streams.md'), 'utf8');

/** The names on the wire, by class. */
const names = new Map(
  readdirSync(WIRE).flatMap((file) =>
    [
      ...readFileSync(join(WIRE, file), 'utf8').matchAll(/@StreamMessage\('([^']+)'\)\s+export class (\w+)/g),
    ].map(([, name, cls]) => [cls!, name!] as const),
  ),
);
const isForClients = (cls: string) => CHAT_MESSAGES.some(({ name }) => name === cls);
const byRule = (cls: string) =>
  `nestwire-chat.${cls
    .replace(/^Chat/, '')
    .replace(/(?<!^)[A-Z]/g, '-$&')
    .toLowerCase()}`;

describe('docs/chat/streams.md', () => {
  it('tells the names on the wire that differ from the rule', () => {
    const differing = [...names].filter(([cls, name]) => isForClients(cls) && byRule(cls) !== name);
    const rows = [...page.matchAll(/^\| `(Chat\w+)` \| `(nestwire-chat\.[\w-]+)` \|/gm)];

    expect(rows.map(([, cls, name]) => [cls, name]).toSorted()).toEqual(differing.toSorted());
  });

  it('mentions each message that a client sends or gets', () => {
    const replies = CHAT_MESSAGES.map(({ name }) => name).filter((cls) => names.has(cls));

    expect(replies.length).toBeGreaterThan(40);
    expect(replies.filter((cls) => !page.includes(`\`${cls}\``))).toEqual([]);
  });
});
