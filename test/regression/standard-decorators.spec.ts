import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { defineChannel, OnChannelMessage } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionScoped,
  StreamEndpoint,
} from '@nestwire/streams';
import { Note } from '../e2e/messages.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = join(root, 'node_modules');
const kept = defineChannel('standard-kept', {
  messages: [Note],
  history: { messages: 1, ageMs: 1_000 },
  snapshot: [Note],
});

type Standard = (value: unknown, context: object) => unknown;

describe('A decorator that is called as a standard one', () => {
  it.each([
    ['@StreamMessage()', StreamMessage('standard.said')],
    ['@StreamEndpoint()', StreamEndpoint('standard')],
    ['@SessionScoped()', SessionScoped()],
  ])('names the option, on a class: %s', (name, decorator) => {
    class Said {}
    const call = () => (decorator as Standard)(Said, { kind: 'class', name: 'Said' });

    expect(call).toThrow(TypeError);
    expect(call).toThrow(new RegExp(`^${name.replace(/[()]/g, '\\$&')}: .*"experimentalDecorators"`));
  });

  it.each([
    ['@OnStreamMessage()', OnStreamMessage(Note)],
    ['@OnStreamOpened()', OnStreamOpened()],
    ['@OnStreamClosed()', OnStreamClosed()],
    ['@ChannelSnapshot()', ChannelSnapshot(kept)],
    ['@OnChannelMessage()', OnChannelMessage('plain', Note)],
  ])('names the option, on a method: %s', (name, decorator) => {
    const call = () => (decorator as unknown as Standard)(() => undefined, { kind: 'method', name: 'said' });

    expect(call).toThrow(TypeError);
    expect(call).toThrow(new RegExp(`^${name.replace(/[()]/g, '\\$&')}: .*"experimentalDecorators"`));
  });
});

/** Message classes of a page, without and with other decorators. */
const PLAIN = `
import { StreamMessage } from '@nestwire/protocol';
@StreamMessage('page.said')
export class Said { declare readonly $type: 'page.said'; text!: string; }
console.log(new Said().$type);
`;
const VALIDATED = PLAIN.replace('text!', '@IsString() text!').replace(
  '\n',
  "\nimport { IsString } from 'class-validator';\n",
);

/** Those of a new project of `npm create vite`. */
const OPTIONS = {
  target: 'ES2023',
  useDefineForClassFields: true,
  module: 'ESNext',
  moduleResolution: 'bundler',
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
};

/** Bundles each page and runs it; writes what it does, or its error, as one line of JSON. */
const BUNDLE = `
import { readFile } from 'node:fs/promises';
import { build } from 'vite';
import { build as esbuild } from 'esbuild';
const alias = { '@nestwire/protocol': ${JSON.stringify(join(root, 'libs/protocol/src/index.ts'))} };
const log = console.log;
const results = [];
for (const { folder, bundler, config } of JSON.parse(await readFile('pages.json', 'utf8'))) {
  if (bundler === 'vite') {
    const lib = { entry: 'src/main.ts', formats: ['es'], fileName: () => 'page.mjs' };
    const options = { configFile: false, logLevel: 'error', root: folder, resolve: { alias }, build: { minify: false, lib } };
    await build({ ...options, ...config });
  } else {
    const options = { bundle: true, format: 'esm', mainFields: ['module', 'main'], logLevel: 'error', alias };
    await esbuild({ ...options, entryPoints: [folder + '/src/main.ts'], outfile: folder + '/dist/page.mjs', ...config });
  }
  console.log = (text) => results.push(text);
  await import(folder + '/dist/page.mjs').catch((error) => results.push(error.name + ': ' + error.message));
  console.log = log;
}
log(JSON.stringify(results));
`;

/** A page, and how it is bundled. */
interface Page {
  readonly source: string;
  readonly options?: object;
  readonly bundler?: 'vite' | 'esbuild';
  readonly config?: object;
}

/** Bundles pages and runs them; resolves with what each writes, or with its error. */
async function resultsOf(pages: readonly Page[]): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'nestwire-pages-'));
  try {
    await symlink(modules, join(root, 'node_modules'));
    await writeFile(join(root, 'package.json'), '{"type":"module"}');
    await writeFile(join(root, 'bundle.mjs'), BUNDLE);
    const jobs = pages.map(async ({ source, options, bundler = 'vite', config = {} }, index) => {
      const folder = join(root, `page-${index}`);
      await mkdir(join(folder, 'src'), { recursive: true });
      await writeFile(join(folder, 'src/main.ts'), source);
      // As in a new project of `npm create vite`: the options stand in tsconfig.app.json.
      const app = { compilerOptions: { ...OPTIONS, ...options }, include: ['src'] };
      await writeFile(join(folder, 'tsconfig.app.json'), JSON.stringify(app));
      const solution = { files: [], references: [{ path: './tsconfig.app.json' }] };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(solution));
      return { folder, bundler, config };
    });
    await writeFile(join(root, 'pages.json'), JSON.stringify(await Promise.all(jobs)));
    const { stdout } = await run(process.execPath, ['bundle.mjs'], { cwd: root });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as string[];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe('A page whose decorators are compiled', () => {
  it('as standard ones fails with the errors that docs/client.md names, and runs with its remedies', async () => {
    const docs = await readFile(join(root, 'docs/client.md'), 'utf8');
    const experimentalDecorators = true;
    const standard = { target: 'es2022', tsconfigRaw: { compilerOptions: OPTIONS } };
    const legacy = { target: 'es2022', tsconfigRaw: { compilerOptions: { experimentalDecorators } } };

    const results = await resultsOf([
      { source: VALIDATED, bundler: 'esbuild', config: standard },
      { source: VALIDATED },
      { source: PLAIN, bundler: 'esbuild', config: standard },
      { source: VALIDATED, options: { experimentalDecorators } },
      { source: VALIDATED, config: { oxc: { decorator: { legacy: true } } } },
      { source: VALIDATED, bundler: 'esbuild', config: legacy },
    ]);

    const errors = [
      "TypeError: Cannot read properties of undefined (reading 'constructor')",
      'SyntaxError: Invalid or unexpected token',
      'TypeError: @StreamMessage(): set "experimentalDecorators" in tsconfig.json',
    ];
    expect(results).toEqual([...errors, 'page.said', 'page.said', 'page.said']);
    for (const error of errors) expect(docs).toContain(`\`${error}\``);
  }, 120_000);
});
