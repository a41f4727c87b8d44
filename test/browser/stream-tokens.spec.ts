import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Child } from '../rig/child.mjs';
import { compileFolder } from '../rig/compile-folder.js';
import { Front } from '../rig/front.mjs';
import { findRedis, missingRedis, startRedis, type RedisServer } from '../rig/redis-server.mjs';
import { FakeModel } from '../docs/stream-tokens/fake-model.js';
import { bundleOf } from './bundle.js';
import { findChromium, launchChromium } from './chromium.js';
import { takeScreenshot, takeScreenshotOfTabs } from './screenshots.js';

jest.setTimeout(60_000);

const SIZE = { width: 900, height: 660 };

const executablePath = findChromium();
const redisBinary = await findRedis();
if (!redisBinary) console.warn(`SKIPPED: ${missingRedis('The page of the tutorial')}`);

/** Returns the whole answer to a prompt, without its pauses. */
async function answerTo(prompt: string): Promise<string> {
  let answer = '';
  const model = Object.assign(new FakeModel(), { tokenMs: 0 });
  for await (const token of model.generate(prompt, new AbortController().signal)) answer += token;
  return answer;
}

(executablePath && redisBinary ? describe : describe.skip)('The page of docs/stream-tokens.md', () => {
  let browser: Browser;
  let context: BrowserContext;
  let redis: RedisServer;
  let front: Front;
  const servers: Array<{ readonly child: Child; readonly port: number }> = [];
  let html: string;
  let program: URL;
  let errors: string[];

  async function startServer(): Promise<void> {
    const env = { APP_MODULE: new URL('app.module.js', program).href, REDIS_URL: redis.url };
    const child = new Child(new URL('stream-tokens-process.mjs', import.meta.url), [], env);
    servers.push({ child, port: await child.ask('serve', { html }) });
  }

  /** Ends the first server as a crash does. New connections then go to the other one. */
  function killServer(): void {
    process.kill(servers.shift()!.child.pid!, 'SIGKILL');
  }

  async function open(address = `http://localhost:${front.port}/`): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => void errors.push(message));
    await page.goto(address);
    await page.locator('.status.connected').waitFor();
    return page;
  }

  async function ask(page: Page, question: string): Promise<void> {
    await page.getByLabel('question').fill(question);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
  }

  const textOf = (page: Page) => page.locator('.answer').textContent();
  /** Waits until the page shows more of its answer than this. */
  const showsMoreThan = (page: Page, length: number) =>
    page.waitForFunction(`document.querySelector('.answer')?.textContent.length > ${length}`);
  const says = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();

  async function takePicture(page: Page, name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await takeScreenshot({ page }, `stream-tokens-${name}-${colorScheme}`);
    }
  }

  beforeAll(async () => {
    const page = new URL('../docs/stream-tokens/', import.meta.url);
    program = compileFolder(page, 'stream-tokens');
    const style = readFileSync(new URL('page/style.css', page), 'utf8');
    const script = await bundleOf('../docs/stream-tokens/page/main.tsx');
    html = `<!doctype html><title>Ask the model</title><style>${style}</style><div id="root"></div><script type="module">${script}</script>`;
    [browser, redis] = await Promise.all([launchChromium(executablePath!), startRedis()]);
    front = await new Front(
      () => servers[0]?.port,
      () => performance.now(),
    ).listen();
  });

  beforeEach(async () => {
    errors = [];
    while (servers.length < 2) await startServer();
    context = await browser.newContext({ viewport: SIZE });
  });

  afterEach(async () => {
    await context.close();
    expect(errors).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await front?.stop();
    await Promise.all(servers.map(({ child }) => child.stop()));
    await redis?.stop();
  });

  it('shows the tokens as they come, and continues after a reload', async () => {
    const page = await open();
    await ask(page, 'What is a stream?');
    await showsMoreThan(page, 100);
    await takePicture(page, 'writing');
    await page.reload();
    await says(page, 'complete');

    expect(await textOf(page)).toBe(await answerTo('What is a stream?'));
  });

  it('moves the answer to a second tab and back', async () => {
    const first = await open();
    await ask(first, 'What is a tab?');
    await showsMoreThan(first, 100);
    const second = await open(first.url());
    await says(first, 'Another tab follows this answer.');
    await showsMoreThan(second, 300);
    await second.emulateMedia({ colorScheme: 'dark' });
    await takeScreenshotOfTabs(browser, [{ page: first }, { page: second }], 'stream-tokens-tabs');
    await first.getByRole('button', { name: 'Follow here' }).click();
    await says(second, 'Another tab follows this answer.');
    await says(first, 'complete');

    expect(await textOf(first)).toBe(await answerTo('What is a tab?'));
  });

  it('stops the answer from the tab that reads it', async () => {
    const page = await open();
    await ask(page, 'What is an end?');
    await showsMoreThan(page, 100);
    await page.getByRole('button', { name: 'Stop' }).click();
    await says(page, 'You stopped this answer.');
    const shown = (await textOf(page))!;

    expect((await answerTo('What is an end?')).startsWith(shown)).toBe(true);
    await page.reload();
    await says(page, 'You stopped this answer.');
    expect((await textOf(page))!.length).toBeLessThan(shown.length + 100);
  });

  it('stops the answer from another tab, and tells the reader', async () => {
    const first = await open();
    await ask(first, 'What is another end?');
    await showsMoreThan(first, 100);
    const second = await open(first.url());
    await showsMoreThan(second, 150);
    await says(first, 'Another tab follows this answer.');
    await first.getByRole('button', { name: 'Stop' }).click();
    await says(second, 'You stopped this answer.');
    await says(first, 'You stopped this answer.');

    expect(await textOf(first)).toContain(await textOf(second));
  });

  it('shows the stored tokens and offers to ask again when the server was killed', async () => {
    const page = await open();
    await ask(page, 'What is a crash?');
    await showsMoreThan(page, 200);
    const shown = (await textOf(page))!;
    killServer();
    await says(page, 'The server stopped in the middle of this answer.');
    const kept = (await textOf(page))!;
    await takePicture(page, 'lost');

    expect(kept.startsWith(shown)).toBe(true);
    expect((await answerTo('What is a crash?')).startsWith(kept)).toBe(true);
    await page.getByRole('button', { name: 'Ask again' }).click();
    await says(page, 'complete');
    expect(await textOf(page)).toBe(await answerTo('What is a crash?'));
    await takePicture(page, 'complete');
  });

  it('tells a page on another server that the server of the answer was killed', async () => {
    const page = await open();
    await ask(page, 'What is a cluster?');
    await showsMoreThan(page, 100);
    servers.reverse();
    const other = await open(page.url());
    await showsMoreThan(other, 200);
    servers.reverse();
    killServer();
    await says(other, 'The server stopped in the middle of this answer.');

    expect((await answerTo('What is a cluster?')).startsWith((await textOf(other))!)).toBe(true);
  });
});
