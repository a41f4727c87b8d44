import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { anchorOf, sourceAddress } from '../../docs/.vitepress/github.js';
import { llmsText, purposeOf } from '../../docs/.vitepress/llms.js';
import { PAGE_GROUPS, routeOf, START_PAGE } from '../../docs/.vitepress/pages.js';
import { anchorsOf } from './page.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const files = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const listed = PAGE_GROUPS.flatMap(({ pages }) => pages);

/** Returns the pages that the sidebar lacks, has twice, or invents. */
function misplaced(names: readonly string[], present: readonly string[]): string[] {
  const counts = new Map(present.map((name) => [name, 0]));
  for (const name of names) counts.set(name, (counts.get(name) ?? 1) + 1);
  return [...counts].filter(([, times]) => times !== 1).map(([name]) => name);
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

    for (const { file } of listed) expect(text).toContain(`(${routeOf(file)}.md)`);
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
    expect(sourceAddress('../apps/chat-server')).toMatch(/\/tree\/main\/apps\/chat-server$/);
    expect(sourceAddress('../README.md#packages')).toMatch(/\/blob\/main\/README\.md#packages$/);
    expect(sourceAddress('client.md')).toBeUndefined();
  });
});
