import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import type { ChatTab } from './chat-tab.js';

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/nestwire/screenshots', import.meta.url));

/** Takes a picture of a tab, for people to look at. */
export async function takeScreenshot(tab: ChatTab, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await tab.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** Takes a picture of tabs side by side. */
export async function takeScreenshotOfTabs(browser: Browser, tabs: ChatTab[], name: string): Promise<void> {
  const pictures = await Promise.all(tabs.map((tab) => tab.page.screenshot()));
  const page = await browser.newPage({ viewport: { width: 1860, height: 700 } });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture.toString('base64')}">`);
  await page.setContent(`<style>
    body { margin: 0; padding: 20px; display: flex; gap: 20px; background: #b9c7c2 }
    img { border-radius: 12px }
  </style>${images.join('')}`);
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  await page.close();
}
