import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly jest: { readonly testPathIgnorePatterns: readonly string[] };
}

const manifest = JSON.parse(read('package.json')) as Manifest;

/** Returns the scripts of longer suites that `.ci/run` does not run. */
function unproven({ scripts }: Pick<Manifest, 'scripts'>, run: string): string[] {
  const names = Object.keys(scripts).filter((name) => name.startsWith('test:'));
  return names.filter((name) => !new RegExp(`^(long_suite|stage) .*${name}\\b`, 'm').test(run));
}

/** Returns the folders of specs that neither `npm test` nor a script of their own runs. */
function unrun({ scripts, jest }: Manifest): string[] {
  const left = jest.testPathIgnorePatterns.flatMap(
    (pattern) => /^\/test\/\((.*)\)\/$/.exec(pattern)?.[1] ?? [],
  );
  const folders = left.flatMap((names) => names.split('|'));
  // Consumers are applications with specs of their own.
  const suites = Object.values(scripts).flatMap((script) => /test\/suite\.mjs (\S+)/.exec(script)?.[1] ?? []);
  return folders.filter((name) => name !== 'consumers' && !suites.includes(name));
}

describe('What npm test leaves out', () => {
  it('has a script', () => {
    expect(unrun(manifest)).toEqual([]);
  });

  it('is run by .ci/run', () => {
    expect(unproven(manifest, read('.ci/run'))).toEqual([]);
  });

  it('is missed when a script or a stage is taken away', () => {
    const { 'test:browser': _, ...scripts } = manifest.scripts;

    expect(unrun({ ...manifest, scripts })).toEqual(['browser']);
    expect(unproven(manifest, read('.ci/run').replace(/.*test:backends.*\n/, ''))).toEqual(['test:backends']);
  });
});
