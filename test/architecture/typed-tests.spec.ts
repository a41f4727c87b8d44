import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT } from './source-file.js';

/** Folders below `test` and `apps` that are no part of the tests of this repository. */
const EXCLUDED = /(^|\/)(node_modules|dist)(\/|$)|^test\/consumers\//;

const CONFIGS = ['tsconfig.json', 'test/tsconfig.scripts.json'];

/** Lists the files of the tests and applications, from the root of the repository. */
function testFiles(): string[] {
  return ['test', 'apps']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !EXCLUDED.test(path));
}

/** Returns the files that a configuration checks, and true when it checks JavaScript. */
function readConfig(path: string): { readonly files: ReadonlySet<string>; readonly checksJs: boolean } {
  const file = join(ROOT, path);
  const { config } = ts.readConfigFile(file, (name) => readFileSync(name, 'utf8')) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, join(file, '..'));
  return {
    files: new Set(fileNames.map((name) => relative(ROOT, name))),
    checksJs: options.checkJs === true && options.allowJs === true,
  };
}

/** Lists the scripts that no configuration checks. */
function unchecked(paths: readonly string[], checked: ReadonlySet<string>): string[] {
  return paths.filter((path) => /\.(mjs|cjs|js)$/.test(path) && !checked.has(path));
}

/** Lists the declaration files of scripts. */
function declarations(paths: readonly string[]): string[] {
  return paths.filter((path) => /\.d\.(mts|cts)$/.test(path));
}

/** Lists the files that switch the type check off. */
function switchedOff(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].filter(([, text]) => /@ts-(nocheck|ignore)/.test(text)).map(([path]) => path);
}

describe('The code of tests', () => {
  const files = testFiles();
  const configs = CONFIGS.map(readConfig);
  const checked = new Set(configs.flatMap(({ files: of }) => [...of]));

  it('is type-checked, scripts too', () => {
    expect(configs.map(({ checksJs }) => checksJs)).toEqual([true, true]);
    expect(unchecked(files, checked)).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const config of CONFIGS) expect(scripts['typecheck']).toContain(`tsc -p ${config} `);
  });

  it('has no hand-written declarations', () => {
    expect(declarations(files)).toEqual([]);
  });

  it('nowhere switches the check off', () => {
    const sources = files.filter(
      (path) => /\.(ts|tsx|mjs)$/.test(path) && !path.endsWith('typed-tests.spec.ts'),
    );
    const texts = new Map(sources.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
    expect(switchedOff(texts)).toEqual([]);
  });

  it('is caught when it is not checked', () => {
    expect(unchecked(['test/a.mjs', 'test/b.mjs', 'test/c.ts'], new Set(['test/a.mjs']))).toEqual([
      'test/b.mjs',
    ]);
    expect(declarations(['test/a.d.mts', 'test/a.mts'])).toEqual(['test/a.d.mts']);
    expect(switchedOff(new Map([['a.mjs', '// @ts-nocheck']]))).toEqual(['a.mjs']);
  });
});
