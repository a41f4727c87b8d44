// Lists the pages of `docs`.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');
/** Folders that are not pages, or that `npm run docs:build` makes. */
const OTHER = /^(\.vitepress|api|images|public)(\/|$)/;

/**
 * Lists the pages by their paths below `docs`, those in folders too.
 *
 * @returns {string[]}
 */
export function docPages() {
  const paths = /** @type {string[]} */ (readdirSync(DOCS, { recursive: true }));
  return paths.filter((path) => path.endsWith('.md') && !OTHER.test(path)).toSorted();
}
