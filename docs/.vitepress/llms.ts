import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGE_GROUPS, type Page, routeOf } from './pages.js';

const DOCS = new URL('../', import.meta.url);
const SITE_TITLE = '# nestwire';
const PROMISE =
  'nestwire is the realtime layer for NestJS: typed, validated streams between clients and servers, and channels ' +
  'between servers. No message is lost in silence.';

/** Writes `llms.txt`, `llms-full.txt` and the Markdown of each page into the folder of the built site. */
export function writeLlmsFiles(outDir: string, base: string): void {
  writeFileSync(join(outDir, 'llms.txt'), llmsText(base));
  writeFileSync(join(outDir, 'llms-full.txt'), llmsFullText());
  for (const { file } of pagesOfSite()) writeFileSync(join(outDir, markdownRouteOf(file)), markdownOf(file));
}

/** Returns the list of all pages with their purposes, in the form of llmstxt.org. */
export function llmsText(base: string): string {
  const sections = PAGE_GROUPS.map(({ text, pages }) => {
    const lines = pages.map(
      ({ file, text: name }) => `- [${name}](${base}${markdownRouteOf(file).slice(1)}): ${purposeOf(file)}`,
    );
    return `## ${text}\n\n${lines.join('\n')}`;
  });
  return `${SITE_TITLE}\n\n> ${PROMISE}\n\n${sections.join('\n\n')}\n`;
}

/** Returns the address of the Markdown of a page; the index of a folder has the name of the folder. */
export function markdownRouteOf(file: string): string {
  return `${routeOf(file).replace(/\/$/, '')}.md`;
}

/** Returns the purpose of a page: its first paragraph, up to the end of the first sentence. */
export function purposeOf(file: string): string {
  const [, paragraph = ''] = markdownOf(file).match(/^# .+\n+((?:[^\n]+\n)+)/m) ?? [];
  const plain = paragraph.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/\s+/g, ' ');
  return plain.match(/^.*?[.](?= |$)/)?.[0] ?? plain.trim().replace(/:$/, '.');
}

function llmsFullText(): string {
  return `${SITE_TITLE}\n\n> ${PROMISE}\n\n${pagesOfSite()
    .map(({ file }) => markdownOf(file).trim())
    .join('\n\n---\n\n')}\n`;
}

function pagesOfSite(): Page[] {
  return PAGE_GROUPS.flatMap(({ pages }) => pages);
}

function markdownOf(file: string): string {
  return readFileSync(new URL(file, DOCS), 'utf8').replace(/<!-- .*? -->\n+/g, '');
}
