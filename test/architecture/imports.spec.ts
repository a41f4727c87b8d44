import {
  innerEntries,
  nestInternals,
  framingAboveTransport,
  nestSecrets,
  ownGlobals,
  ownIndex,
  packagesInOnePlace,
  starExports,
  wrongArrows,
} from './import-laws.js';
import { againstTheFlow, FOLDER_ORDER } from './folder-order.js';
import { importCircles, runtimeCycles } from './import-cycles.js';
import { madeUp, readSources } from './source-file.js';

const sources = readSources('libs', 'apps');

it('The laws see the sources', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap((file) => file.imports).length).toBeGreaterThan(300);
});

it('The laws see every folder of a package', () => {
  const folders = Object.entries(FOLDER_ORDER).flatMap(([lib, names]) =>
    names.map((name) => `${lib}/src/${name}/`),
  );

  expect(folders.filter((folder) => !sources.some(({ path }) => path.startsWith(folder)))).toEqual([]);
});

describe('Imports', () => {
  it('run only as the architecture page draws them', () => {
    expect(wrongArrows(sources)).toEqual([]);
  });

  it.each([
    ['libs/protocol/src/a.ts', `import { M } from '@nestwire/messages';`],
    ['libs/client/src/a.ts', `import type { S } from '@nestwire/streams';`],
    ['libs/messages/src/a.ts', `export { S } from '@nestwire/streams';`],
    ['libs/streams/src/a.ts', `const testing = await import('@nestwire/testing');`],
    ['libs/streams/src/a.ts', `import { x } from '@nestwire/messages/dist/x.js';`],
    ['libs/streams/src/a.ts', `import { x } from '../../messages/src/x.js';`],
    ['apps/chat-web/src/a.ts', `import { AppModule } from 'chat-server';`],
    ['apps/chat-web/src/a.tsx', `import { S } from '@nestwire/streams';`],
    ['apps/chat-web/src/a.tsx', `import { ChatModule } from '@nestwire/chat';`],
  ])('in %s may not be %s', (path, text) => {
    expect(wrongArrows(madeUp({ [path]: text }))).toHaveLength(1);
  });

  it('form no cycle', () => {
    expect(runtimeCycles(sources)).toEqual([]);
  });

  it('are caught when they form a cycle, unless it is one of types alone', () => {
    const a = `import { b } from './b.js';`;

    expect(
      runtimeCycles(madeUp({ 'libs/x/src/a.ts': a, 'libs/x/src/b.ts': `import { a } from './a.js';` })),
    ).toEqual(['libs/x/src/a.ts → libs/x/src/b.ts → libs/x/src/a.ts']);
    expect(
      runtimeCycles(madeUp({ 'libs/x/src/a.ts': a, 'libs/x/src/b.ts': `import type { A } from './a.js';` })),
    ).toEqual([]);
  });

  it('form no circle of types that is not known', () => {
    expect(importCircles(sources)).toEqual([]);
  });

  it('are caught when types close a circle', () => {
    const files = {
      'libs/x/src/a.ts': `import type { B } from './b.js';`,
      'libs/x/src/b.ts': `import { c } from './c.js';`,
      'libs/x/src/c.ts': `export type A = import('./a.js').A;`,
      'libs/x/src/d.ts': `import { a } from './a.js';`,
    };

    expect(importCircles(madeUp(files))).toEqual([['libs/x/src/a.ts', 'libs/x/src/b.ts', 'libs/x/src/c.ts']]);
    expect(importCircles(madeUp({ ...files, 'libs/x/src/c.ts': '' }))).toEqual([]);
  });

  it('of applications and of the pages name only entries for applications', () => {
    expect(innerEntries([...readSources('apps'), ...readSources('test/docs')])).toEqual([]);
  });

  it.each([
    'messages/internal',
    'messages/backend',
    'protocol/internal',
    'protocol/codec',
    'protocol/compiled',
  ])('of applications are caught with @nestwire/%s', (entry) => {
    const text = `import { x } from '@nestwire/${entry}';`;

    expect(innerEntries(madeUp({ 'apps/x/src/a.ts': text }))).toHaveLength(1);
    expect(innerEntries(madeUp({ 'test/docs/a.ts': text }))).toHaveLength(1);
    expect(innerEntries(madeUp({ 'test/docs/a.spec.ts': text, 'libs/streams/src/a.ts': text }))).toEqual([]);
  });

  it('leave the index of their own package alone', () => {
    expect(ownIndex(sources)).toEqual([]);
    expect(ownIndex(madeUp({ 'libs/x/src/y/a.ts': `import { b } from '../index.js';` }))).toHaveLength(1);
    expect(
      ownIndex(madeUp({ 'libs/client/src/a.ts': `import { b } from '@nestwire/client';` })),
    ).toHaveLength(1);
  });

  it('name what they export', () => {
    expect(starExports(sources)).toEqual([]);
    expect(starExports(madeUp({ 'libs/x/src/a.ts': `export * from './b.js';` }))).toHaveLength(1);
  });

  it('keep ws, ioredis and class-transformer in their places', () => {
    expect(packagesInOnePlace(sources)).toEqual([]);
  });

  it.each([
    ['libs/messages/src/redis/a.ts', 'libs/messages/src/consumers/b.ts', 'ioredis'],
    ['libs/messages/src/redis/a.ts', 'libs/messages/src/redis/b.ts', 'cluster-key-slot'],
    ['libs/streams/src/transport/a.ts', 'libs/streams/src/transport/b.ts', 'ws'],
    ['libs/client/src/transport/a.ts', 'libs/client/src/transport/b.ts', 'ws'],
    ['libs/protocol/src/class-transformer.ts', 'libs/protocol/src/value/b.ts', 'class-transformer'],
  ])('are caught when %s and %s both take %s', (first, second, name) => {
    const both = { [first]: `import { x } from '${name}';`, [second]: `import { x } from '${name}';` };

    expect(packagesInOnePlace(madeUp(both))).toHaveLength(1);
  });

  it('leave the framing of WebSocket to the transport', () => {
    const source = `import type { WsFrame } from '../transport/ws-frame.js';`;

    expect(framingAboveTransport(sources)).toEqual([]);
    expect(framingAboveTransport(madeUp({ 'libs/streams/src/connection/a.ts': source }))).toHaveLength(1);
  });

  it('reach into Nest in one file alone', () => {
    expect([...nestInternals(sources), ...nestSecrets(sources)]).toEqual([]);
    expect(
      nestInternals(madeUp({ 'libs/streams/src/a.ts': `import { x } from '@nestjs/core/internal';` })),
    ).toHaveLength(1);
    expect(
      nestInternals(madeUp({ 'libs/streams/src/a.ts': `import { x } from '@nestjs/core/guards/y.js';` })),
    ).toHaveLength(1);
  });
});

describe('Folders', () => {
  it('run in the order that the architecture page gives them', () => {
    expect(againstTheFlow(sources)).toEqual([]);
  });

  it('are caught when an earlier one uses a later one, unless for types', () => {
    const value = { 'libs/client/src/transport/a.ts': `import { b } from '../connection/b.js';` };
    const type = { 'libs/client/src/transport/a.ts': `import type { B } from '../connection/b.js';` };
    const backend = { 'libs/messages/src/pubsub/a.ts': `import { b } from '../redis/b.js';` };

    expect(againstTheFlow(madeUp(value))).toHaveLength(1);
    expect(againstTheFlow(madeUp(type))).toEqual([]);
    expect(againstTheFlow(madeUp(backend))).toHaveLength(1);
  });
});

describe('The protocol and the client', () => {
  it('use what only Node or only a browser has in a transport alone', () => {
    expect(ownGlobals(sources)).toEqual([]);
  });

  it.each([
    `import { readFileSync } from 'node:fs';`,
    `const text = Buffer.from('a');`,
    `export const url = () => window.location.href;`,
    `const online = globalThis.navigator?.onLine;`,
    `if (process.env.DEBUG) debug();`,
  ])('are caught with %s', (text) => {
    expect(ownGlobals(madeUp({ 'libs/client/src/endpoint/a.ts': text }))).toHaveLength(1);
    expect(ownGlobals(madeUp({ 'libs/client/src/transport/a.ts': text }))).toEqual([]);
  });
});
