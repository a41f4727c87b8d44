import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/nestwire/screenshots', import.meta.url));

/** A tab of a browser. */
interface Tab {
  readonly page: Page;
}

/** Takes a picture of a tab, for people to look at. */
export async function takeScreenshot(tab: Tab, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await tab.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

/** Takes a picture of tabs side by side, each below its address. */
export async function takeScreenshotOfTabs(
  browser: Browser,
  tabs: readonly Tab[],
  name: string,
): Promise<void> {
  const figures = await Promise.all(tabs.map(figureOf));
  const page = await browser.newPage({ viewport: { width: 1860, height: 640 } });
  await page.setContent(`<style>
    body { margin: 0; padding: 14px 20px; display: flex; gap: 20px; background: #b9c7c2; font: 18px monospace }
    figure { margin: 0 }
    figcaption { padding: 0 12px 12px; color: #14201d }
    img { display: block; width: 900px; border-radius: 12px }
  </style>${figures.join('')}`);
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  await page.close();
}

async function figureOf({ page }: Tab): Promise<string> {
  const picture = await page.screenshot();
  const { host } = new URL(page.url());
  return `<figure><figcaption>${host}</figcaption><img src="data:image/png;base64,${picture.toString('base64')}"></figure>`;
}
