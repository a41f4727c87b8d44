import { basename } from 'node:path';
import { isTest, type SourceFile } from './source-file.js';

const HEADLESS = /(?:^|\s)(?:\/\*\*?|\/\/)\s+(?:\*\s+)?(What|Who|Whoever|Where|That|Whether|Which)\b/g;

/** Suffixes after a dot: the roles of Nest, of an environment and of a test. */
const ROLES = new Set(
  `module service controller decorator options error errors explorer adapter
   spec contract node development config d`.split(/\s+/),
);
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Finds comments that begin with a relative clause instead of a verb or a noun phrase. */
export function headlessComments(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    [...file.text.matchAll(HEADLESS)].map((found) => {
      const line = file.text.slice(0, found.index + found[0].length).split('\n').length;
      return `${file.path}:${line} begins with ${found[1]}`;
    }),
  );
}

/** The files that choose the broker from the option `redis`, and the Redis broker itself. */
const KNOWS_REDIS = [
  /^libs\/messages\/src\/redis\//,
  /^libs\/messages\/src\/(messages\.options|open-broker)\.ts$/,
  /^libs\/streams\/src\/(options-check|streams\.module|streams\.options|streams-server)\.ts$/,
];

/** Finds mentions of Redis in code that serves every broker. */
export function redisMentions(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('libs/') && !isTest(path))
    .filter(({ path }) => !KNOWS_REDIS.some((place) => place.test(path)))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          /redis|valkey/i.test(line) ? [`${path}:${index + 1} mentions Redis`] : [],
        ),
    );
}

/** Finds files that are not named `noun-noun.ts`, with a dot only before a role. */
export function oddFileNames(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const [name, ...suffixes] = basename(path)
      .replace(/\.(tsx?|mjs|cjs)$/, '')
      .split('.');
    return !KEBAB.test(name!) || !suffixes.every((suffix) => ROLES.has(suffix));
  });
}
