import { headlessComments, oddFileNames } from './word-laws.js';
import { madeUp, readSources } from './source-file.js';

const sources = readSources('libs', 'apps');

/** Folders whose comments are still to be rewritten. The list only shrinks. */
const UNWRITTEN = [
  'apps/',
  'libs/client/',
  'libs/messages/',
  'libs/protocol/',
  'libs/streams/',
  'libs/testing/',
];

/** Files of applications that are still to be renamed. The list only shrinks. */
const MISNAMED = [
  'apps/chat-server/src/auth/demo.authenticator.ts',
  'apps/chat-server/src/chat/chat.channels.ts',
  'apps/chat-server/src/chat/chat.endpoint.spec.ts',
  'apps/chat-server/src/chat/chat.endpoint.ts',
  'apps/chat-server/src/directory/chat.directory.spec.ts',
  'apps/chat-server/src/directory/chat.directory.ts',
];

describe('A comment', () => {
  const written = sources.filter(({ path }) => !UNWRITTEN.some((folder) => path.startsWith(folder)));

  it('begins with a verb or a noun phrase', () => {
    expect(headlessComments(written)).toEqual([]);
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

describe('A file', () => {
  it('has a name of words with dashes, and a dot only before a role', () => {
    expect(oddFileNames(sources.map(({ path }) => path)).filter((path) => !MISNAMED.includes(path))).toEqual(
      [],
    );
  });

  it('is caught with another name', () => {
    const odd = ['libs/x/src/StreamSession.ts', 'libs/x/src/session.runtime.ts', 'libs/x/src/a_b.ts'];
    const fine = ['libs/x/src/a-b.ts', 'libs/x/src/index.node.ts', 'libs/x/src/a.module.spec.ts', 'a.d.ts'];

    expect(oddFileNames([...odd, ...fine])).toEqual(odd);
  });
});
