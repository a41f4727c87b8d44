import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-file.js';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly peerDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

interface Lock {
  readonly packages: Readonly<Record<string, Manifest>>;
}

const lock = readJson<Lock>('package-lock.json');
const workspaces = ['libs', 'apps'].flatMap((area) =>
  readdirSync(join(ROOT, area)).map((name) => `${area}/${name}`),
);

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}

/** Tells what a package asks for, as text. */
function wishes({ dependencies, devDependencies, peerDependencies }: Manifest = {}): string {
  const all = [dependencies, devDependencies, peerDependencies];
  return JSON.stringify(all.map((versions) => Object.entries(versions ?? {}).toSorted()));
}

/**
 * Finds packages for other platforms that the lock file names and does not hold.
 *
 * A registry that lacks one lets `npm install` write such a file, which `npm ci` then refuses.
 */
function missingPlatforms({ packages }: Lock): string[] {
  const held = new Set(Object.keys(packages).map((path) => path.split('node_modules/').pop()));
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !held.has(name))
      .map((name) => `${path} needs ${name}`),
  );
}

describe('The lock file', () => {
  it('holds the packages of every platform', () => {
    expect(missingPlatforms(lock)).toEqual([]);
  });

  it.each(['', ...workspaces])('has what package.json asks for in "%s"', (path) => {
    expect(wishes(lock.packages[path])).toBe(wishes(readJson<Manifest>(join(path, 'package.json'))));
  });

  it('is caught when package.json asks for something else', () => {
    expect(wishes({ dependencies: { a: '1.0.0' } })).not.toBe(wishes({ dependencies: { a: '1.0.1' } }));
  });

  it('is caught when it lacks one', () => {
    const broken = {
      packages: { 'node_modules/a': { optionalDependencies: { '@a/darwin-arm64': '1.0.0' } } },
    };

    expect(missingPlatforms(broken)).toEqual(['node_modules/a needs @a/darwin-arm64']);
  });

  it('sends nobody to a private registry', () => {
    const addresses = JSON.stringify(lock).match(/"resolved":"https?:\/\/[^/"]+/g) ?? [];

    expect(addresses.filter((address) => !address.endsWith('//registry.npmjs.org'))).toEqual([]);
  });
});
