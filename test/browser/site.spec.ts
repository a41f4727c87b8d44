import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { findChromium, launchChromium } from './chromium.js';
import { SiteServer } from './site-server.js';

jest.setTimeout(120_000);

/** Without `DOCS_DIST` the site is built first; on a busy machine that takes minutes. */
const BUILD_MS = 900_000;

const DESKTOP = { viewport: { width: 1280, height: 800 } } as const;
const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true } as const;
const PICTURES = resolve(import.meta.dirname, '../../node_modules/.cache/nestwire/screenshots');

/** Pages of every kind: [address, title, name of a picture]. */
const PAGES = [
  ['/', 'The realtime layer for NestJS', 'site-start'],
  ['/quick-start', 'Quick start', 'site-tutorial'],
  ['/stream-tokens', 'Stream the tokens of a language model', 'site-stream-tokens'],
  ['/chat/', 'Chat', 'site-chat'],
  ['/production', 'Production', 'site-guide'],
  ['/client', 'The client', 'site-client'],
  ['/configuration', 'Configuration', 'site-reference'],
  ['/errors', 'Errors', 'site-errors'],
  ['/protocol', 'The protocol', 'site-protocol'],
  ['/delivery', 'Delivery', 'site-explanation'],
  ['/security-policy', 'Security policy', 'site-security-policy'],
  ['/api/@nestwire/streams/classes/StreamSession', 'StreamSession', 'site-api'],
] as const;

/** Computes the contrast of texts of the start page with what is behind them, by selector (WCAG 2). */
const CONTRASTS = `(() => {
  const selectors = ['.VPButton.brand', '.VPButton.alt', '.tagline', '.VPFeature .details', '.vp-doc p', '.vp-doc th', '.vp-doc a'];
  const rgbOf = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    const color = rgbOf(getComputedStyle(element).backgroundColor);
    return color[3] === 0 ? (element.parentElement ? behind(element.parentElement) : [255, 255, 255]) : color;
  };
  return Object.fromEntries(selectors.map((selector) => {
    const element = document.querySelector(selector);
    const [light, dark] = [rgbOf(getComputedStyle(element).color), behind(element)].map(luminance).toSorted((a, b) => b - a);
    return [selector, (light + 0.05) / (dark + 0.05)];
  }));
})()`;

const executablePath = findChromium();

(executablePath ? describe : describe.skip)('The site', () => {
  let browser: Browser;
  let site: SiteServer;
  let problems: string[] = [];

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    site = await SiteServer.start();
    browser = await launchChromium(executablePath!);
  }, BUILD_MS);

  afterEach(() => {
    const found = problems;
    problems = [];
    expect(found).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  /** Opens a page in a context of its own and collects what the browser complains about. */
  async function open(path: string, options: BrowserContextOptions = DESKTOP): Promise<Page> {
    const page = await browser.newPage(options);
    page.on('pageerror', (error) => problems.push(`${path}: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) problems.push(`${path}: ${message.text()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) problems.push(`${path}: ${response.status()} for ${response.url()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url) && !request.url().startsWith('data:'))
        problems.push(`${path}: asks another host, ${request.url()}`);
    });
    await page.goto(site.url + path, { waitUntil: 'networkidle' });
    return page;
  }

  const isTooWide = (page: Page): Promise<boolean> =>
    page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');

  describe.each([
    ['a desktop', 'desktop', DESKTOP],
    ['a phone', 'phone', PHONE],
  ] as const)('on %s', (_device, name, options) => {
    it.each(PAGES)('shows %s, and nothing sticks out', async (path, title, picture) => {
      const page = await open(path, options);

      await page.getByRole('heading', { level: 1 }).filter({ hasText: title }).waitFor();
      expect(await isTooWide(page)).toBe(false);
      await page.screenshot({ path: join(PICTURES, `${picture}-${name}.png`) });
      await page.close();
    });
  });

  it.each([
    ['/chat-client#size', '/chat/custom-ui#size'],
    ['/chat-moving', '/chat/moving'],
    ['/chat#live-events', '/chat/events#live-events'],
    ['/configuration#limits-of-the-chat', '/chat/options#limits'],
  ])('leads from the former address %s to %s', async (former, present) => {
    const page = await open(former);

    await page.waitForURL(site.url + present);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.close();
  });

  it('finds a page and an export with the search', async () => {
    const page = await open('/quick-start');
    const search = async (words: string) => {
      await page.keyboard.press('Control+k');
      await page.locator('#localsearch-input').fill(words);
      return page.locator('.VPLocalSearchBox .result');
    };

    await (await search('proxy_read_timeout')).filter({ hasText: 'Production' }).first().waitFor();
    await page.keyboard.press('Escape');
    await (await search('createStreamClient')).filter({ hasText: 'createStreamClient' }).first().click();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    expect(page.url()).not.toContain('/quick-start');
    await page.close();
  });

  it('follows the theme of the system, and changes it, with its diagrams', async () => {
    const page = await open('/delivery', { ...DESKTOP, colorScheme: 'dark' });
    const isDark = () => page.evaluate<boolean>(`document.documentElement.classList.contains('dark')`);
    const inkOfDiagram = () =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('.diagram img')).colorScheme`);

    expect(await isDark()).toBe(true);
    expect(await inkOfDiagram()).toBe('dark');
    await page.getByRole('switch').first().click();
    expect(await isDark()).toBe(false);
    expect(await inkOfDiagram()).toBe('light');
    await page.close();
  });

  it.each(['light', 'dark'] as const)('can be read in the %s theme', async (colorScheme) => {
    const page = await open('/', { ...DESKTOP, colorScheme });
    const contrasts = await page.evaluate<Record<string, number>>(CONTRASTS);

    expect(Object.keys(contrasts).length).toBeGreaterThan(5);
    expect(Object.entries(contrasts).filter(([, ratio]) => ratio < 4.5)).toEqual([]);
    await page.close();
  });

  it('opens its menu on a phone and leads to another page', async () => {
    const page = await open('/delivery', PHONE);
    await page.getByRole('button', { name: 'Menu' }).tap();
    await page.locator('.VPSidebar').getByRole('link', { name: 'Production' }).tap();
    await page.getByRole('heading', { level: 1, name: 'Production' }).waitFor();
    await page.close();
  });

  it('keeps the anchors that pages and GitHub share', async () => {
    const page = await open('/client#messagepack-bytes-instead-of-text');
    expect(await page.locator('[id="messagepack-bytes-instead-of-text"]').count()).toBe(1);
    await page.close();
  });

  it('lists its pages for programs, with their Markdown', async () => {
    const list = await (await fetch(`${site.url}/llms.txt`)).text();
    const [, path] = /\((\/production\.md)\)/.exec(list)!;
    const [markdown, full] = await Promise.all(
      [path!, '/llms-full.txt'].map(async (name) => (await fetch(site.url + name)).text()),
    );

    expect(markdown).toMatch(/^# Production\n/);
    expect(full).toContain(markdown!.trim());
  });
});
