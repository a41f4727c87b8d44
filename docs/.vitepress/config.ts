import { defineConfig, type DefaultTheme, type HeadConfig, type MarkdownEnv } from 'vitepress';
import { anchorOf, REPOSITORY } from './github.js';
import { linkSources, wrapDiagrams } from './markdown.js';
import { headOf, writeMovedPages } from './moved.js';
import { purposeOf, writeLlmsFiles } from './llms.js';
import { type Kind, PAGE_GROUPS, REWRITES, routeOf, START_PAGE } from './pages.js';
import { apiSidebars, pageSidebar } from './sidebar.js';

const DESCRIPTION = 'The realtime layer for NestJS: typed, validated, nothing lost in silence.';
/** The path below which the site is served, such as `/nestwire/`. */
const base = process.env.DOCS_BASE ?? '/';

const pagesOf = (kind: Kind) =>
  PAGE_GROUPS.filter((group) => group.kind === kind).flatMap(({ pages }) => pages);
const firstOf = (kind: Kind): string => routeOf(pagesOf(kind)[0]!.file);
const activeMatchOf = (kind: Kind): string =>
  `^(${pagesOf(kind)
    .map(({ file }) => routeOf(file))
    .join('|')})$`;

const head: HeadConfig[] = [
  ['link', { rel: 'icon', href: `${base}icon.svg`, type: 'image/svg+xml' }],
  ['meta', { name: 'theme-color', content: '#12665d' }],
  ['meta', { property: 'og:title', content: 'nestwire' }],
  ['meta', { property: 'og:description', content: DESCRIPTION }],
];

const nav: DefaultTheme.NavItem[] = [
  { text: 'Quick start', link: '/quick-start' },
  { text: 'Guides', link: firstOf('How-to guides'), activeMatch: activeMatchOf('How-to guides') },
  { text: 'Reference', link: firstOf('Reference'), activeMatch: activeMatchOf('Reference') },
  { text: 'API', link: '/api/', activeMatch: '^/api/' },
  { text: 'Explanation', link: firstOf('Explanation'), activeMatch: activeMatchOf('Explanation') },
];

const SOURCES_ICON =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" ' +
  'stroke-linejoin="round" style="fill: none"><path d="m8 7-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14"/></svg>';

export default defineConfig({
  base,
  head,
  lang: 'en',
  title: 'nestwire',
  description: DESCRIPTION,
  cleanUrls: true,
  metaChunk: true,
  rewrites: (file) => REWRITES[file] ?? file,
  markdown: {
    anchor: { slugify: anchorOf },
    toc: { slugify: anchorOf },
    theme: { light: 'github-light', dark: 'github-dark-dimmed' },
    image: { lazyLoading: true },
    config: (md) => {
      linkSources(md);
      wrapDiagrams(md);
    },
  },
  transformPageData(pageData) {
    const isPage = PAGE_GROUPS.some(({ pages }) => pages.some(({ file }) => file === pageData.relativePath));
    return isPage ? { description: purposeOf(pageData.relativePath) } : {};
  },
  transformHead: ({ pageData }) => headOf(pageData.relativePath, base),
  buildEnd({ outDir }) {
    writeLlmsFiles(outDir, base);
    writeMovedPages(outDir, base);
  },
  themeConfig: {
    nav,
    logo: '/icon.svg',
    outline: { level: [2, 3], label: 'On this page' },
    sidebar: { ...apiSidebars(), '/': pageSidebar() },
    search: {
      provider: 'local',
      options: {
        detailedView: true,
        _render: renderForSearch,
        // Pages answer questions; the API reference follows.
        miniSearch: { searchOptions: { boostDocument: (id: string) => (id.includes('/api/') ? 0.3 : 1) } },
      },
    },
    // Of an icon with a name, the dev server asks another host.
    socialLinks: [{ icon: { svg: SOURCES_ICON }, link: REPOSITORY, ariaLabel: 'Sources' }],
    externalLinkIcon: true,
    footer: { message: 'MIT license', copyright: 'The nestwire maintainers' },
  },
});

/** The renderer of the search: its types are of another version of markdown-it. */
interface Renderer {
  render(source: string, env: object): string;
}

/** Renders a page for the search. Of the API reference the search has names and purposes only. */
function renderForSearch(source: string, env: MarkdownEnv, md: Renderer): string {
  if (env.relativePath === START_PAGE) return '';
  const text = env.relativePath.startsWith('api/') ? source.split(/^## /m)[0]! : source;
  return md.render(text, env);
}
