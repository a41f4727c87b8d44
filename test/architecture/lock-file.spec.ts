import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-file.js';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;

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
