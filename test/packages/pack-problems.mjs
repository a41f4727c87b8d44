/** Names of files that no user needs. */
const STRAY = /\.spec\.|\.tsbuildinfo$|(^|\/)(test|spec|node_modules)\//;
const ALWAYS = ['README.md', 'LICENSE', 'CHANGELOG.md', 'package.json'];

/**
 * @typedef {string | { readonly [condition: string]: Target }} Target
 * @typedef {{ exports: Target, publishConfig?: { access?: string, provenance?: boolean } }} Manifest
 */

/**
 * Lists the faults of a packed library: stray files, missing files, and maps whose sources are not packed.
 *
 * @param {{ files: readonly string[], manifest: Manifest }} pack
 * @param {(path: string) => string} read gives the text of a file of the library
 * @returns {string[]}
 */
export function packProblems({ files, manifest }, read) {
  const packed = new Set(files);
  const wanted = [...new Set([...ALWAYS, ...targetsOf(manifest.exports)])];
  return [
    ...files.filter((path) => STRAY.test(path)).map((path) => `holds ${path}`),
    ...wanted.filter((path) => !packed.has(path)).map((path) => `holds no ${path}`),
    ...files.filter((path) => path.endsWith('.map')).flatMap((path) => lostSources(path, packed, read)),
    ...(manifest.publishConfig?.provenance === true ? [] : ['is published without provenance']),
    ...(manifest.publishConfig?.access === 'public' ? [] : ['is not published for everybody']),
  ];
}

/**
 * Lists the files that the exports of a package lead to, and the types beside each of its modules.
 *
 * @param {Target} target
 * @returns {string[]}
 */
function targetsOf(target) {
  if (typeof target === 'object') return Object.values(target).flatMap(targetsOf);
  const path = target.replace(/^\.\//, '');
  const types = path.replace(/\.js$/, '.d.ts');
  return types === path ? [path] : [path, types];
}

/**
 * Lists the sources of a map that are not packed.
 *
 * @param {string} path
 * @param {ReadonlySet<string>} packed
 * @param {(path: string) => string} read
 */
function lostSources(path, packed, read) {
  const { sources } = /** @type {{ sources: string[] }} */ (JSON.parse(read(path)));
  const folder = new URL(path, 'file:///');
  const paths = sources.map((source) => new URL(source, folder).pathname.slice(1));
  return paths
    .filter((source) => !packed.has(source))
    .map((source) => `${path} maps to ${source}, not packed`);
}
