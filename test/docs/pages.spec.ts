import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { docPages } from './doc-pages.mjs';
import { anchorsOf, blocksOf, linksOf, regionOf, scriptsIn, withRegions } from './page.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const packagePages = readdirSync(join(ROOT, 'libs')).map((name) => `libs/${name}/README.md`);
const paths = ['README.md', ...docPages().map((name) => `docs/${name}`), ...packagePages];
const pages = paths
  .filter((path) => path.endsWith('.md') && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: read(path) }));

/** The protocol's pieces of code belong to other languages' clients too. */
const WITHOUT_REGIONS = new Set(['docs/protocol.md']);
/** The site makes these files when it is built. */
const MADE_BY_SITE = new Set(['/llms.txt', '/llms-full.txt']);
const CODE = /^(tsx?|typescript|jsx?|javascript)$/;

function blocksWithoutRegion(path: string, text: string): string[] {
  if (WITHOUT_REGIONS.has(path)) return [];
  return blocksOf(text)
    .filter((block) => CODE.test(block.language) && !block.region)
    .map((block) => `${path}:${block.line}`);
}

function staleBlocks(path: string, text: string, source = read): string[] {
  return blocksOf(text).flatMap(({ region, code, line }) => {
    if (!region) return [];
    const isSame = regionOf(source(region.file), region.name) === code;
    return isSame ? [] : [`${path}:${line} differs from ${region.file}#${region.name}: npm run docs:sync`];
  });
}

function deadLinks(path: string, text: string): string[] {
  return linksOf(text).filter((link) => {
    if (/^[a-z]+:/.test(link) || MADE_BY_SITE.has(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file ? join(dirname(path), file) : path;
    if (!existsSync(join(ROOT, target))) return true;
    return Boolean(anchor) && !anchorsOf(target === path ? text : read(target)).includes(anchor!);
  });
}

/** Folders that `npm run docs:build` makes. */
const BUILT = ['docs/api', 'docs/.vitepress/dist'];

function missingFiles(text: string): string[] {
  const named = [...text.matchAll(/`((?:libs|apps|test|docs)\/[\w./-]+)`/g)].map(([, path]) => path!);
  return named.filter((path) => !BUILT.includes(path) && !existsSync(join(ROOT, path)));
}

describe.each(pages)('$path', ({ path, text }) => {
  it('shows code of files that compile', () => {
    expect(blocksWithoutRegion(path, text)).toEqual([]);
  });

  it('shows what stands in those files', () => {
    expect(staleBlocks(path, text)).toEqual([]);
  });

  it('links to what is there', () => {
    expect(deadLinks(path, text)).toEqual([]);
  });

  it('names files that are there', () => {
    expect(missingFiles(text)).toEqual([]);
  });

  it('tells to run scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

    expect(scriptsIn(text).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('The pages', () => {
  it('can all be reached from the README', () => {
    const reached = new Set<string>();
    const follow = (path: string): void => {
      if (reached.has(path) || !existsSync(join(ROOT, path))) return;
      reached.add(path);
      for (const link of linksOf(read(path)).map((target) => target.split('#')[0]!))
        if (link.endsWith('.md') && !/^[a-z]+:/.test(link)) follow(join(dirname(path), link));
    };
    follow('README.md');

    expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});

describe('The checks of the pages', () => {
  const source =
    'before();\n  // #region a\n  if (x)\n    // #region b\n    y();\n    // #endregion b\n  // #endregion a\n';
  const page = '# One\n<!-- region: x.ts#a -->\n```ts\nif (x)\n  y();\n```\n';

  it('take a region out without its indentation and the marks in it', () => {
    expect(regionOf(source, 'a')).toBe('if (x)\n  y();\n');
    expect(regionOf(source, 'b')).toBe('y();\n');
    expect(() => regionOf(source, 'c')).toThrow('no region "c"');
  });

  it('catch a block that differs from its region, and rewrite it', () => {
    const stale = page.replace('y();', 'z();');

    expect(staleBlocks('a.md', page, () => source)).toEqual([]);
    expect(staleBlocks('a.md', stale, () => source)).toHaveLength(1);
    expect(withRegions(stale, () => source)).toBe(page);
  });

  it('catch a block without a region', () => {
    expect(blocksWithoutRegion('a.md', '```ts\nx();\n```\n')).toEqual(['a.md:1']);
    expect(blocksWithoutRegion('a.md', '```bash\nls\n```\n')).toEqual([]);
  });

  it('catch links to what is not there', () => {
    const text =
      '# One word\n[a](#one-word) [b](#two) [c](../LICENSE) [d](none.md) [e](https://example.org) `[f](g)`';

    expect(deadLinks('docs/protocol.md', text)).toEqual(['#two', 'none.md']);
  });

  it('catch names of files that are not there', () => {
    expect(missingFiles('`libs/protocol`, `libs/nothing/src/a.ts`, `test/run.mjs`')).toEqual([
      'libs/nothing/src/a.ts',
    ]);
  });

  it('find the scripts in commands', () => {
    expect(scriptsIn('`npm start`, npm run jest -- x, `npm test`')).toEqual(['start', 'jest', 'test']);
  });
});
