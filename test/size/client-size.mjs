// Bundles the client as a browser gets it, and fails when it is larger than its budget.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const KIB = 1_024;
const root = fileURLToPath(new URL('../../', import.meta.url));
const source = (lib, file) => `${root}libs/${lib}/src/${file}.ts`;

// Sources in place of packages, so that nothing has to be built before. Side effects are those
// that the packages declare: the entries of protocol and its stand-in for reflect-metadata.
const sources = {
  name: 'sources',
  setup({ onResolve }) {
    const entries = {
      '@nestwire/client': source('client', 'index'),
      '@nestwire/client/react': source('client', 'react'),
      '@nestwire/chat/client': source('chat', 'client'),
      '@nestwire/chat/react': source('chat', 'react'),
      '@nestwire/client/vue': source('client', 'vue'),
      '@nestwire/protocol': source('protocol', 'index'),
      '@nestwire/protocol/class-transformer': source('protocol', 'class-transformer'),
      '@nestwire/protocol/codec': source('protocol', 'codec'),
      '@nestwire/protocol/internal': source('protocol', 'internal'),
      '@nestwire/protocol/message-pack': source('protocol', 'message-pack'),
      './message/reflect-metadata.js': source('protocol', 'message/reflect-metadata'),
      // The same file, imported from its own folder: both must have the same side effects.
      './reflect-metadata.js': source('protocol', 'message/reflect-metadata'),
    };
    onResolve({ filter: /^@nestwire\/|reflect-metadata\.js$/ }, ({ path }) => {
      const sideEffects = !/client$|message-pack$/.test(path);
      return entries[path] && { path: entries[path], sideEffects };
    });
  },
};

/** The optional parts of a bundle, with a text that shows each. */
const PARTS = { MessagePack: 'msgpack', sessionPositions: 'sessionStorage', openOutbox: 'indexedDB' };

/**
 * The client without any part.
 *
 * Calls and requests of the server take 1.7 KiB of it. They are no chunk that loads with the first call: a page would
 * need another request and would have to handle its failure, after a deploy for example, and service workers cannot
 * load modules later.
 */
const CORE = `export { createStreamClient } from '@nestwire/client';`;

const cases = [
  {
    name: 'createStreamClient',
    budgetKiB: 11.3,
    code: CORE,
  },
  {
    name: 'createStreamClient with class-transformer',
    budgetKiB: 15.55,
    code: `import '@nestwire/protocol/class-transformer'; export { createStreamClient } from '@nestwire/client';`,
  },
  {
    name: 'createStreamClient with MessagePack',
    budgetKiB: 17.15,
    code: `export { messagePack } from '@nestwire/protocol/message-pack'; export { createStreamClient } from '@nestwire/client';`,
  },
  {
    name: 'createStreamClient with sessionPositions',
    budgetKiB: 12.2,
    code: `export { createStreamClient, sessionPositions } from '@nestwire/client';`,
  },
  {
    name: 'createStreamClient with openOutbox',
    budgetKiB: 14.45,
    code: `export { createStreamClient, openOutbox } from '@nestwire/client';`,
  },
];

/** The bindings, with the functions of their framework. */
const bindings = [
  {
    name: 'react',
    framework: [
      'createContext',
      'createElement',
      'useContext',
      'useEffect',
      'useMemo',
      'useSyncExternalStore',
    ],
  },
  {
    name: 'vue',
    framework: ['computed', 'getCurrentInstance', 'inject', 'onMounted', 'shallowRef', 'toValue', 'watch'],
  },
];

// Names of imports and exports do not count, because the bundle of a page includes its framework and has no modules.
for (const { name, framework } of bindings) {
  const hooks = await exportsOf(`export * from '@nestwire/client/${name}';`);
  const bytes = gzipped(await pageOf({ [`@nestwire/client/${name}`]: hooks }));
  const bytesBefore = gzipped(await pageOf({ [name]: framework }));
  report(`the bindings for ${name} alone`, bytes - bytesBefore, 1.46);
}

/** The parts of React that the hooks of the chat use. */
const REACT_OF_CHAT = [...bindings[0].framework, 'useCallback', 'useRef', 'useState'];

/** The parts of protocol that the chat uses, and that a page with messages and presence of its own has already. */
const MESSAGES = ['applyPresence', 'create', 'PresenceMembers', 'StreamGap', 'StreamMessage'];

// The chat and its hooks: what they add to a page with the client, and to one that has messages of its own.
const chat = await pageOf({
  '@nestwire/chat/client': ['CHAT_MESSAGES', 'createChat'],
  '@nestwire/chat/react': await exportsOf(`export * from '@nestwire/chat/react';`),
});
const before = await pageOf({ react: REACT_OF_CHAT });
const beforeWithMessages = await pageOf({ react: REACT_OF_CHAT, '@nestwire/protocol': MESSAGES });
report('the chat with its hooks alone', gzipped(chat) - gzipped(before), 12.53);
report(
  'the chat with its hooks, beside messages of the page',
  gzipped(chat) - gzipped(beforeWithMessages),
  11.75,
);
// A page needs no class-validator for them.
if (chat.includes('constraintMessage') || chat.includes('validationArguments')) {
  console.log('the chat with its hooks alone: class-validator is in it');
  process.exitCode = 1;
}

for (const { name, budgetKiB, code } of cases) {
  const bundle = await bundleOf(code);
  report(name, gzipped(bundle), budgetKiB);
  // A bundle contains only the parts that it imports; otherwise the mark is wrong.
  for (const [part, mark] of Object.entries(PARTS)) {
    const isAsked = name.includes(part);
    if (bundle.includes(mark) === isAsked) continue;
    console.log(`${name}: ${part} is ${isAsked ? 'missing' : 'in it'}`);
    process.exitCode = 1;
  }
}

function report(name, bytes, budgetKiB) {
  const verdict = bytes <= budgetKiB * KIB ? 'within' : 'ABOVE';
  console.log(`${name}: ${(bytes / KIB).toFixed(2)} KiB min+gzip, ${verdict} the budget of ${budgetKiB} KiB`);
  if (bytes > budgetKiB * KIB) process.exitCode = 1;
}

/** Returns the bundle of a page that uses the client, and names of modules. */
function pageOf(modules) {
  const imports = Object.entries(modules).map(([path, names]) => `import { ${names} } from '${path}';`);
  const used = ['createStreamClient', ...Object.values(modules)];
  return bundleOf(
    `import { createStreamClient } from '@nestwire/client'; ${imports.join(' ')} export default [${used}];`,
  );
}

function gzipped(bundle) {
  return gzipSync(bundle, { level: 9 }).length;
}

async function bundleOf(contents) {
  const { outputFiles } = await built(contents);
  return Buffer.from(outputFiles[0].contents);
}

/** Returns the names that a module exports. */
async function exportsOf(contents) {
  const { metafile } = await built(contents);
  return Object.values(metafile.outputs)[0].exports;
}

function built(contents) {
  return build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    plugins: [sources],
    external: ['react', 'vue'],
    logLevel: 'error',
  });
}
