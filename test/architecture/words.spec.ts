import { headlessComments, oddFileNames, redisMentions } from './word-laws.js';
import { madeUp, readScripts, readSources } from './source-file.js';

const sources = readSources('libs', 'apps');

describe('A comment', () => {
  it('begins with a verb or a noun phrase', () => {
    const tests = [...readSources('test'), ...readScripts('test')];
    const checked = [...sources, ...tests].filter(({ path }) => !path.endsWith('/words.spec.ts'));

    expect(tests.length).toBeGreaterThan(300);
    expect(headlessComments(checked)).toEqual([]);
  });

  it.each([
    ['/** What a session needs. */', 1],
    ['/**\n * Who connects.\n */', 2],
    ['const a = 1; // Where it stands.', 1],
    ['/* Whether it is open. */', 1],
    ['// That is why.', 1],
    ['/** Which one. */', 1],
  ])('is caught as %j', (text, line) => {
    expect(headlessComments(madeUp({ 'libs/x/src/a.ts': text }))).toEqual([
      expect.stringContaining(`libs/x/src/a.ts:${line} `),
    ]);
  });

  it.each(['/** Returns what is open. */', `const url = 'https://What';`, '/** Whatever comes. */'])(
    'may be %j',
    (text) => {
      expect(headlessComments(madeUp({ 'libs/x/src/a.ts': text }))).toEqual([]);
    },
  );
});

describe('Code that serves every broker', () => {
  it('neither imports nor mentions Redis', () => {
    expect(redisMentions(sources)).toEqual([]);
  });

  it.each([
    `import type { Redis } from 'ioredis';`,
    `throw new Error('Redis cannot be reached');`,
    '/** Waits for REDIS. */',
  ])('is caught with %s', (text) => {
    expect(redisMentions(madeUp({ 'libs/messages/src/presence/a.ts': text }))).toHaveLength(1);
    expect(redisMentions(madeUp({ 'libs/messages/src/redis/a.ts': text }))).toEqual([]);
  });
});

describe('A file', () => {
  it('has a name of words with dashes, and a dot only before a role', () => {
    expect(oddFileNames(sources.map(({ path }) => path))).toEqual([]);
  });

  it('is caught with another name', () => {
    const odd = ['libs/x/src/StreamSession.ts', 'libs/x/src/session.runtime.ts', 'libs/x/src/a_b.ts'];
    const fine = ['libs/x/src/a-b.ts', 'libs/x/src/index.node.ts', 'libs/x/src/a.module.spec.ts', 'a.d.ts'];

    expect(oddFileNames([...odd, ...fine])).toEqual(odd);
  });
});
