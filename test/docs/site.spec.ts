import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { anchorOf, sourceAddress } from '../../docs/.vitepress/github.js';
import { llmsText, markdownRouteOf, purposeOf } from '../../docs/.vitepress/llms.js';
import { headOf, MOVED_PAGES, MOVED_SECTIONS } from '../../docs/.vitepress/moved.js';
import { PAGE_GROUPS, routeOf, START_PAGE } from '../../docs/.vitepress/pages.js';
import { docPages } from './doc-pages.mjs';
import { anchorsOf } from './page.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const files = docPages();
const listed = PAGE_GROUPS.flatMap(({ pages }) => pages);

/** Returns the pages that the sidebar lacks, has twice, or invents. */
function misplaced(names: readonly string[], present: readonly string[]): string[] {
  const counts = new Map(present.map((name) => [name, 0]));
  for (const name of names) counts.set(name, (counts.get(name) ?? 1) + 1);
  return [...counts].filter(([, times]) => times !== 1).map(([name]) => name);
}

/** Tells whether an address of the site has its page and its section. */
function isPresent(address: string): boolean {
  const [path, anchor] = address.split('#');
  const file = join(ROOT, 'docs', `${path}.md`);
  return existsSync(file) && (!anchor || anchorsOf(readFileSync(file, 'utf8')).includes(anchor));
}

describe('The site', () => {
  it('has every page in the sidebar exactly once', () => {
    const pages = files.filter((name) => name !== START_PAGE);

    expect(
      misplaced(
        listed.map(({ file }) => file),
        pages,
      ),
    ).toEqual([]);
  });

  it('has a sidebar whose errors are found', () => {
    expect(misplaced(['a.md', 'b.md', 'b.md', 'd.md'], ['a.md', 'b.md', 'c.md'])).toEqual([
      'b.md',
      'c.md',
      'd.md',
    ]);
  });

  it('has a name and an address of its own for each page, in any case of letters', () => {
    expect(new Set(listed.map(({ text }) => text)).size).toBe(listed.length);
    expect(new Set(listed.map(({ file }) => routeOf(file).toLowerCase())).size).toBe(listed.length);
  });

  it.each(listed)('can say the purpose of $file in a sentence', ({ file }) => {
    expect(purposeOf(file)).toMatch(/^[A-Z].{20,240}\.$/);
  });

  it('lists every page for programs', () => {
    const text = llmsText('/');

    for (const { file } of listed) expect(text).toContain(`(${markdownRouteOf(file)})`);
  });

  it('makes the anchors of GitHub, which the links of the pages use', () => {
    for (const file of files) {
      const text = readFileSync(join(ROOT, 'docs', file), 'utf8');
      const own = new Set(anchorsOf(text).map((anchor) => anchor.replace(/-\d+$/, '')));
      for (const [, heading] of text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} +(.+?) *$/gm))
        expect(own).toContain(
          anchorOf(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')).replace(/-\d+$/, ''),
        );
    }
  });

  it('has the reference of every public entry point, with its purpose and its source', async () => {
    const { entryPoints } = await import('../../docs/.vitepress/typedoc.mjs');

    expect(entryPoints.length).toBeGreaterThan(10);
    for (const { purpose, file } of entryPoints) {
      expect(purpose).toMatch(/^[A-Z].*\.$/);
      expect(existsSync(join(ROOT, file))).toBe(true);
    }
  });

  it('leads to the repository where a page names a source', () => {
    expect(sourceAddress('../apps/chat-server', 'client.md')).toMatch(/\/tree\/main\/apps\/chat-server$/);
    expect(sourceAddress('../README.md#packages', 'client.md')).toMatch(/\/blob\/main\/README\.md#packages$/);
    expect(sourceAddress('../../apps/chat-web', 'chat/index.md')).toMatch(/\/tree\/main\/apps\/chat-web$/);
    expect(sourceAddress('../client.md', 'chat/index.md')).toBeUndefined();
    expect(sourceAddress('client.md', 'index.md')).toBeUndefined();
  });

  it('leads from former addresses and sections to present ones', () => {
    const moved = [...Object.values(MOVED_PAGES), ...Object.values(MOVED_SECTIONS).flatMap(Object.values)];

    expect(moved.filter((address) => !isPresent(String(address)))).toEqual([]);
    expect(files.filter((file) => file.replace(/\.md$/, '') in MOVED_PAGES)).toEqual([]);
    for (const [file, sections] of Object.entries(MOVED_SECTIONS)) {
      const own = anchorsOf(readFileSync(join(ROOT, 'docs', file), 'utf8'));
      expect(Object.keys(sections).filter((anchor) => own.includes(anchor))).toEqual([]);
    }
    expect(headOf('chat/index.md', '/base/')[0]![2]).toContain('"#rights":"/base/chat/rights"');
    expect(headOf('client.md', '/')).toEqual([]);
  });

  it('finds addresses that lead nowhere', () => {
    expect(['chat/none', 'chat/rights#none'].filter(isPresent)).toEqual([]);
  });
});
