import ts from 'typescript';
import {
  isTest,
  packageOf,
  placeOf,
  resolveImport,
  visit,
  type Import,
  type SourceFile,
} from './source-file.js';

const LIBS = ['protocol', 'client', 'messages', 'streams', 'chat', 'testing'];
const ENTRIES = new Set([
  ...LIBS.map((name) => `@nestwire/${name}`),
  '@nestwire/chat/client',
  '@nestwire/chat/react',
  '@nestwire/client/react',
  '@nestwire/client/store',
  '@nestwire/client/vue',
  '@nestwire/protocol/class-transformer',
  '@nestwire/protocol/class-validator',
  '@nestwire/protocol/codec',
  '@nestwire/protocol/compiled',
  '@nestwire/protocol/internal',
  '@nestwire/protocol/message-pack',
  '@nestwire/messages/backend',
  '@nestwire/messages/internal',
  '@nestwire/messages/redis',
]);

/** Entries for applications; the others are for implementers of a port and for this repository. */
const APPLICATION_ENTRY =
  /^@nestwire\/[a-z]+(\/(client|redis|react|store|vue|class-transformer|class-validator|message-pack|testing))?$/;

/** Allowed imports between the packages of this repository. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'libs/protocol': [],
  'libs/client': ['protocol'],
  'libs/messages': ['protocol'],
  'libs/streams': ['protocol', 'messages'],
  'libs/chat': ['protocol', 'client', 'messages', 'streams'],
  'libs/testing': ['protocol', 'client', 'messages', 'streams'],
  'apps/chat-server': ['protocol', 'messages', 'streams', 'chat'],
  'apps/chat-web': ['protocol', 'client', 'chat'],
};

/** The entries of the chat that its page may import: they import nothing of Nest. */
const CHAT_FOR_PAGE = /^@nestwire\/chat\/(client|react)$/;

/** External packages that live in one place of a package. */
const PLACES: readonly { name: string; within: string; place: RegExp; isOneFile: boolean }[] = [
  { name: 'ws', within: 'libs/streams', place: /^libs\/streams\/src\/transport\//, isOneFile: true },
  { name: 'ws', within: 'libs/client', place: /^libs\/client\/src\/transport\//, isOneFile: true },
  { name: 'react', within: 'libs/client', place: /^libs\/client\/src\/react\.ts$/, isOneFile: true },
  { name: 'react', within: 'libs/chat', place: /^libs\/chat\/src\/react\.ts$/, isOneFile: true },
  { name: 'vue', within: 'libs/client', place: /^libs\/client\/src\/vue\.ts$/, isOneFile: true },
  { name: 'ioredis', within: 'libs/messages', place: /^libs\/messages\/src\/redis\//, isOneFile: false },
  {
    name: 'cluster-key-slot',
    within: 'libs/messages',
    place: /^libs\/messages\/src\/redis\//,
    isOneFile: true,
  },
  {
    name: 'class-transformer',
    within: 'libs/protocol',
    place: /\/class-transformer\.ts$|\/transform-(facts|storage)\.ts$/,
    isOneFile: false,
  },
  { name: 'class-validator', within: 'libs/protocol', place: /\/src\/class-validator\.ts$/, isOneFile: true },
  { name: 'libsql', within: 'libs/chat', place: /\/embedded\/sqlite-worker\.mjs$/, isOneFile: true },
  { name: 'sharp', within: 'libs/chat', place: /\/attachments\/sharp-previews\.ts$/, isOneFile: true },
  { name: 'pg', within: 'libs/chat', place: /\/database\/open-database\.ts$/, isOneFile: true },
  { name: '@msgpack/msgpack', within: 'libs/protocol', place: /\/frame\/pack\.ts$/, isOneFile: true },
];

/** Files that know how a WebSocket frame is laid out. */
const FRAMING = /\/transport\/(frame-boundary|frame-joiner|ws-frame)\.js$/;

const NODE_OR_DOM = new Set(
  `process Buffer require __dirname __filename setImmediate window document navigator location localStorage
   sessionStorage WebSocket MessageEvent CloseEvent addEventListener removeEventListener XMLHttpRequest`.split(
    /\s+/,
  ),
);

const NEST_SECRETS = new Set(
  `guardsContextCreator pipesContextCreator interceptorsContextCreator filtersContextCreator guardsConsumer
   pipesConsumer interceptorsConsumer getExistingInstancesByContextId removeInstanceByContextId getCtorMetadata
   getPropertiesMetadata __routeArguments__ __entryProvider__`.split(/\s+/),
);

/** Finds imports between packages that the architecture page does not draw. */
export function wrongArrows(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, found) => {
    if (isTest(file.path)) return undefined;
    const target = resolveImport(file, found);
    if (target !== undefined)
      return packageOf(target) === packageOf(file.path) ? undefined : 'leaves its package by a path';
    return isDrawn(packageOf(file.path), found) ? undefined : 'is not drawn';
  });
}

/** Finds entries that are not for applications, in applications and in the programs of the pages. */
export function innerEntries(files: readonly SourceFile[]): string[] {
  const outer = files.filter(({ path }) => /^(apps|test\/docs)\//.test(path) && !path.endsWith('.spec.ts'));
  return eachImport(outer, (_file, { specifier }) =>
    specifier.startsWith('@nestwire/') && !APPLICATION_ENTRY.test(specifier)
      ? 'is no entry for applications'
      : undefined,
  );
}

/** Finds files that import the index of their own package. */
export function ownIndex(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, found) => {
    const isOwnName = found.specifier.startsWith(`@nestwire/${file.path.split('/')[1]}`);
    if (isOwnName && file.path.startsWith('libs/') && !isTest(file.path))
      return 'imports its own package by name';
    if (isTest(file.path) || /\/index(\.node)?\.ts$/.test(file.path)) return undefined;
    const target = resolveImport(file, found);
    return target && /^libs\/[^/]+\/src\/index(\.node)?\.ts$/.test(target)
      ? 'imports its own index'
      : undefined;
  });
}

/** Finds `export *`. */
export function starExports(files: readonly SourceFile[]): string[] {
  return eachImport(files, (_file, found) =>
    found.isStarExport ? 'exports names that it does not list' : undefined,
  );
}

/** Finds external packages outside the one place that is theirs. */
export function packagesInOnePlace(files: readonly SourceFile[]): string[] {
  return PLACES.flatMap(({ name, within, place, isOneFile }) => {
    const users = files
      .filter((file) => file.path.startsWith(`${within}/`) && !isTest(file.path))
      .filter((file) =>
        file.imports.some((found) => found.specifier === name && !isTypeOnlyOfRedis(name, found)),
      )
      .map((file) => file.path);
    const strays = users.filter((path) => !place.test(path));
    const tooMany = isOneFile && users.length > 1 ? [`${name} is imported by ${users.join(' and ')}`] : [];
    return tooMany.length ? tooMany : strays.map((path) => `${name} is imported by ${path}`);
  });
}

/** Finds imports of WebSocket framing outside the folder of the transport. */
export function framingAboveTransport(files: readonly SourceFile[]): string[] {
  const above = files.filter(
    ({ path }) =>
      path.startsWith('libs/streams/') && !path.startsWith('libs/streams/src/transport/') && !isTest(path),
  );
  return eachImport(above, (_file, { specifier }) =>
    FRAMING.test(specifier) ? 'is known to the transport alone' : undefined,
  );
}

/** Finds imports of what Nest does not publish, outside the file that is there for it. */
export function nestInternals(files: readonly SourceFile[]): string[] {
  return eachImport(files, (file, { specifier }) => {
    if (!/^@nestjs\/[a-z-]+\//.test(specifier) || isTest(file.path)) return undefined;
    return file.path.endsWith('/nest-compat.ts') ? undefined : 'is not public in Nest';
  });
}

/** Finds what Nest keeps to itself, named outside the file that is there for it. */
export function nestSecrets(files: readonly SourceFile[]): string[] {
  const subjects = files.filter(({ path }) => !isTest(path) && !path.endsWith('/nest-compat.ts'));
  return subjects.flatMap((file) => {
    const found: string[] = [];
    visit(file, (node) => {
      if ((ts.isIdentifier(node) || ts.isStringLiteral(node)) && NEST_SECRETS.has(node.text))
        found.push(`${placeOf(file, node)} names Nest's ${node.text}`);
    });
    return found;
  });
}

/** Finds Node's and the browser's own globals in the protocol and the client, outside a transport. */
export function ownGlobals(files: readonly SourceFile[]): string[] {
  const portable = files.filter(
    ({ path }) => /^libs\/(protocol|client)\//.test(path) && !isTest(path) && !path.includes('/transport/'),
  );
  const modules = eachImport(portable, (_file, found) =>
    found.specifier.startsWith('node:') ? 'is a module of Node' : undefined,
  );
  return [...modules, ...portable.flatMap(globalsIn)];
}

function globalsIn(file: SourceFile): string[] {
  const found: string[] = [];
  visit(file, (node) => {
    if (ts.isIdentifier(node) && NODE_OR_DOM.has(node.text) && isGlobal(node))
      found.push(`${placeOf(file, node)} uses ${node.text}`);
  });
  return found;
}

function isGlobal(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return ts.isIdentifier(parent.expression) && parent.expression.text === 'globalThis';
  const isName = 'name' in parent && parent.name === node;
  return !isName && !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent);
}

function isDrawn(from: string, { specifier }: Import): boolean {
  if (from === 'apps/chat-web' && specifier.startsWith('@nestwire/chat'))
    return CHAT_FOR_PAGE.test(specifier);
  if (/^chat-(server|web)/.test(specifier)) return false;
  if (!specifier.startsWith('@nestwire/')) return true;
  const lib = specifier.split('/')[1]!;
  const isOwn = from === `libs/${lib}`;
  return isOwn || (ENTRIES.has(specifier) && (ARROWS[from] ?? []).includes(lib));
}

/** The module's options may name ioredis in types: that leaves nothing behind at run time. */
function isTypeOnlyOfRedis(name: string, found: Import): boolean {
  return name === 'ioredis' && found.isTypeOnly;
}

function eachImport(
  files: readonly SourceFile[],
  judge: (file: SourceFile, found: Import) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((found) => {
      const verdict = judge(file, found);
      return verdict ? [`${file.path}:${found.line}: '${found.specifier}' ${verdict}`] : [];
    }),
  );
}
