import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly type?: string;
  readonly version: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const ROOT = resolve(import.meta.dirname, '../..');
const CONSUMERS = 'test/consumers';
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifestOf = (folder: string) => JSON.parse(read(`${folder}/package.json`)) as Manifest;
const page = read('docs/versions.md');
const libraries = readdirSync(join(ROOT, 'libs')).map((name) => manifestOf(`libs/${name}`));

/** The cells of the row that begins with this text. */
function rowOf(text: string): string[] {
  const line = page.split('\n').find((row) => row.startsWith(`| ${text} |`));
  return (line ?? '')
    .replaceAll('\\|', '¦')
    .split('|')
    .map((cell) => cell.trim().replaceAll('¦', '|'))
    .slice(2, -1);
}

const lowest = (range = '') => /\d+\.\d+/.exec(range)?.[0] ?? '–';

describe('docs/versions.md', () => {
  it('has the versions of Node', () => {
    const ranges = new Set(libraries.map(({ engines }) => engines!.node));

    expect([...ranges]).toEqual([rowOf('Node')[0]!.replaceAll('`', '')]);
  });

  it.each([
    ['Nest', '@nestjs/common'],
    ['ioredis', 'ioredis'],
    ['class-validator', 'class-validator'],
    ['class-transformer', 'class-transformer'],
    ['RxJS', 'rxjs'],
    ['React', 'react'],
    ['Vue', 'vue'],
  ])('has the range of %s that the packages ask for', (row, name) => {
    const ranges = libraries.flatMap(({ peerDependencies }) => peerDependencies?.[name] ?? []);

    expect([...new Set(ranges)]).toEqual([rowOf(row)[0]!.replaceAll('`', '')]);
  });

  it('has the consumers, and what they are tested with', () => {
    const names = readdirSync(join(ROOT, CONSUMERS)).filter((name) => name !== 'source');
    const built = {
      'nest12-swc': ', built by SWC (`nest start -b swc`)',
      'vite-page': '; a page that Vite 8 builds, in Chromium',
    };
    const expected = names.map((name) => {
      const { dependencies: used, devDependencies: tools, type } = manifestOf(`${CONSUMERS}/${name}`);
      const { compilerOptions } = JSON.parse(read(`${CONSUMERS}/${name}/tsconfig.json`)) as {
        compilerOptions: Record<string, string>;
      };
      const resolution = compilerOptions.moduleResolution ?? compilerOptions.module;
      const format = type === 'module' ? 'ESM' : 'CommonJS';
      const packages = { ...tools, ...used };
      return [
        lowest(packages['@nestjs/common']!),
        name in built ? `${format}${built[name as keyof typeof built]}` : `${format}, \`${resolution}\``,
        lowest(packages.typescript!),
        lowest(packages.ioredis!),
        lowest(packages['class-validator']),
      ];
    });

    expect(names.map((name) => rowOf(`\`${CONSUMERS}/${name}\``))).toEqual(expected);
  });

  it('lists the entry points, but for the internal ones', () => {
    const section = page.split('### Public entry points')[1]!.split('###')[0]!;
    const entries = libraries.flatMap(({ name, exports }) =>
      Object.keys(exports!)
        .filter((path) => path !== './package.json' && path !== './internal')
        .map((path) => `${name}${path.slice(1)}`),
    );
    const listed = [...section.matchAll(/`(@nestwire\/[\w/-]+)`/g)].map(([, entry]) => entry);

    expect(listed.toSorted()).toEqual(entries.toSorted());
  });

  it('is right that all packages have one version', () => {
    expect(new Set(libraries.map(({ version }) => version)).size).toBe(1);
  });
});
