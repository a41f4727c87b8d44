import { existsSync, readFileSync } from 'node:fs';
import type { DefaultTheme } from 'vitepress';
import { PAGE_GROUPS, routeOf } from './pages.js';

type Item = DefaultTheme.SidebarItem;

interface ApiNode {
  readonly title: string;
  readonly path?: string;
  readonly children?: readonly ApiNode[];
}

/** The file that typedoc writes beside its pages. */
const NAVIGATION = new URL('../api/navigation.json', import.meta.url);

/** Returns the sidebar of all pages, by kind. */
export function pageSidebar(): Item[] {
  const groups = PAGE_GROUPS.map(({ text, pages }) => ({
    text,
    items: pages.map((page) => ({ text: page.text, link: routeOf(page.file) })),
  }));
  return [...groups.slice(0, -1), { text: 'API', items: packageItems() }, ...groups.slice(-1)];
}

/** Returns the sidebars of the API reference, by route: each entry point shows its own exports only. */
export function apiSidebars(): Record<string, Item[]> {
  const nodes = apiNodes();
  const sidebarWith = (open?: ApiNode): Item[] => [
    { text: '← Guides and reference', link: routeOf(PAGE_GROUPS[0]!.pages[0]!.file) },
    { text: 'API reference', link: '/api/' },
    { text: 'Entry points', items: nodes.map((node) => moduleItem(node, node === open)) },
  ];
  const own = nodes.map((node): [string, Item[]] => [apiRouteOf(node), sidebarWith(node)]);
  return { ...Object.fromEntries(own), '/api/': sidebarWith() };
}

function packageItems(): Item[] {
  const packages = apiNodes().filter(({ title }) => title.split('/').length === 2);
  return [{ text: 'All entry points', link: '/api/' }, ...packages.map((node) => moduleItem(node))];
}

function moduleItem(node: ApiNode, isOpen = false): Item {
  const item = { text: node.title, link: apiRouteOf(node) };
  if (!isOpen) return item;
  const groups = node.children ?? [];
  return {
    ...item,
    items: groups.map(({ title, children = [] }) => ({ text: title, items: children.map(exportItem) })),
  };
}

function exportItem(node: ApiNode): Item {
  return { text: node.title.replace(/[<\\].*/, ''), link: apiRouteOf(node) };
}

const apiRouteOf = ({ path }: ApiNode): string => `/api${routeOf(path!)}`;

function apiNodes(): readonly ApiNode[] {
  return existsSync(NAVIGATION) ? (JSON.parse(readFileSync(NAVIGATION, 'utf8')) as ApiNode[]) : [];
}
