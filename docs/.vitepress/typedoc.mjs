// Options of typedoc: the API reference of every entry point, except `/internal`, as Markdown below `docs/api`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
/** @param {string} relative */
const path = (relative) => fileURLToPath(new URL(relative, ROOT));

/**
 * Purposes of the entry points that are not the index of a package.
 *
 * @type {Record<string, string>}
 */
const PURPOSES = {
  '@nestwire/chat/client': 'The chat of a page: rooms, list and messages, for any framework.',
  '@nestwire/chat/react': 'Hooks of the chat for React.',
  '@nestwire/client/react': 'Hooks for React.',
  '@nestwire/client/store': 'Stores for any framework, below the hooks and composables.',
  '@nestwire/client/vue': 'Composables for Vue.',
  '@nestwire/messages/backend': 'Ports for authors of a broker or a store.',
  '@nestwire/messages/redis': 'Channels over a Redis client that the application gives.',
  '@nestwire/protocol/class-transformer': 'Support for decorators of class-transformer in a page.',
  '@nestwire/protocol/class-validator': 'Decorators for properties of the type `bigint`.',
  '@nestwire/protocol/codec': 'Frames and codecs, for authors of a codec or a client.',
  '@nestwire/protocol/message-pack': 'The binary codec.',
};
const NOT_PUBLIC = ['./package.json', './internal', './compiled'];

/** Lists the public entry points of all packages: the name to import, the source file, the purpose. */
export const entryPoints = readdirSync(path('libs')).flatMap((lib) => {
  const manifest = JSON.parse(readFileSync(path(`libs/${lib}/package.json`), 'utf8'));
  return Object.entries(manifest.exports)
    .filter(([subpath]) => !NOT_PUBLIC.includes(subpath))
    .map(([subpath, { types }]) => {
      const name = manifest.name + subpath.slice(1);
      const purpose = subpath === '.' ? manifest.description : PURPOSES[name];
      if (!purpose) throw new Error(`Add the purpose of ${name} to PURPOSES.`);
      return {
        name,
        purpose,
        file: `libs/${lib}/${types.replace('./dist/', 'src/').replace('.d.ts', '.ts')}`,
      };
    });
});

/**
 * Returns the name without type parameters, which Vue would take for a tag.
 *
 * @param {{ rawName: string }} page
 */
const nameOf = ({ rawName }) => rawName.replace(/<.*/, '');

/** @type {Partial<import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions>} */
export default {
  name: 'API reference',
  entryPoints: entryPoints.map(({ file }) => path(file)),
  tsconfig: path('docs/.vitepress/typedoc.tsconfig.json'),
  basePath: path('.'),
  plugin: ['typedoc-plugin-markdown', path('docs/.vitepress/name-modules.mjs')],
  router: 'member',
  out: path('docs/api'),
  entryFileName: 'index',
  readme: 'none',
  excludePrivate: true,
  excludeProtected: false,
  excludeInternal: true,
  skipErrorChecking: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  indexFormat: 'table',
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  enumMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  pageTitleTemplates: { index: 'API reference', module: '{rawName}', member: nameOf },
  navigationJson: path('docs/api/navigation.json'),
  logLevel: 'Error',
};
