/** The address of the sources; links of pages to files outside of `docs` lead there. */
export const REPOSITORY = 'https://github.com/nestwire/nestwire';

/** Returns the anchor of a heading as GitHub makes it, so that one link serves both places. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** Returns the address of a link of a page to a file outside of `docs`; undefined for any other link. */
export function sourceAddress(href: string, page: string): string | undefined {
  const outside = '../'.repeat(page.split('/').length);
  if (!href.startsWith(outside)) return undefined;
  const path = href.slice(outside.length);
  const kind = /\.\w+(#|$)/.test(path) || path === 'LICENSE' ? 'blob' : 'tree';
  return `${REPOSITORY}/${kind}/main/${path}`;
}
