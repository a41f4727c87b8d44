import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HeadConfig } from 'vitepress';

/** New addresses of pages by their former ones, without the base. Anchors remain. */
export const MOVED_PAGES: Readonly<Record<string, string>> = {
  'chat-attachments': 'chat/attachments',
  'chat-client': 'chat/custom-ui',
  'chat-moving': 'chat/moving',
};

/** New addresses of sections that left a page, by the file of the page and the former anchor. */
export const MOVED_SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'chat/index.md': {
    'post-from-the-server': 'chat/server-api#post',
    read: 'chat/server-api#read',
    'from-a-page': 'chat/streams',
    'marked-text': 'chat/marked-text',
    'messages-that-grow': 'chat/growing-messages',
    'live-events': 'chat/events#live-events',
    'in-a-transaction-of-the-application': 'chat/server-api#in-a-transaction-of-the-application',
    rights: 'chat/rights',
    guests: 'chat/guests',
    hooks: 'chat/hooks',
    postgresql: 'chat/databases#postgresql',
    migrations: 'chat/databases#migrations',
    'data-of-users': 'chat/privacy',
    size: 'chat/sizing',
  },
  'configuration.md': {
    'database-of-the-chat': 'chat/options#database',
    'types-of-channels': 'chat/options#types-of-channels',
    'limits-of-the-chat': 'chat/options#limits',
    'growing-messages-of-the-chat': 'chat/options#growing-messages',
    'attachments-of-the-chat': 'chat/options#attachments',
    'relay-of-the-chat': 'chat/options#relay',
    createchat: 'chat/options#createchat',
  },
};

/** Writes a page at each former address, which leads to the new one with its anchor. */
export function writeMovedPages(outDir: string, base: string): void {
  for (const [former, present] of Object.entries(MOVED_PAGES)) {
    const address = JSON.stringify(base + present);
    const html =
      `<!doctype html>\n<meta charset="utf-8">\n<title>Moved</title>\n<link rel="canonical" href=${address}>\n` +
      `<script>location.replace(${address} + location.hash);</script>\n<a href=${address}>This page has moved.</a>\n`;
    writeFileSync(join(outDir, `${former}.html`), html);
  }
}

/** Returns the script of a page that leads from anchors of its former sections to the new ones. */
export function headOf(file: string, base: string): HeadConfig[] {
  const sections = MOVED_SECTIONS[file];
  if (!sections) return [];
  const addresses = Object.entries(sections).map(([anchor, present]) => [`#${anchor}`, base + present]);
  const moved = JSON.stringify(Object.fromEntries(addresses));
  return [['script', {}, `const moved = ${moved}[location.hash]; if (moved) location.replace(moved);`]];
}
