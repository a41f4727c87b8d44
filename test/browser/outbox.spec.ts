import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { Allow } from 'class-validator';
import { Latch, startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { TcpProxy } from '../rig/tcp-proxy.mjs';
import { until } from '../rig/until.js';
import { bundleOf } from './bundle.js';
import { findChromium, launchChromium } from './chromium.js';

jest.setTimeout(60_000);

@StreamMessage('browser.order')
class Order {
  declare readonly $type: 'browser.order';
  @Allow() number!: number;
}

@StreamEndpoint('orders')
class OrdersEndpoint {
  readonly handled: number[] = [];
  latch = new Latch();

  @OnStreamMessage(Order)
  async order(_session: StreamSession, { number }: Order): Promise<void> {
    await this.latch.pass();
    this.handled.push(number);
  }
}

const executablePath = findChromium();

(executablePath ? describe : describe.skip)('The outbox of a page', () => {
  let browser: Browser;
  let script: string;
  let app: RunningApp;
  let orders: OrdersEndpoint;
  let proxy: TcpProxy;
  let context: BrowserContext;

  /** Opens a page whose streams go through the proxy. */
  async function open(query = '', page?: Page): Promise<Page> {
    const opened = page ?? (await context.newPage());
    await opened.goto(`http://127.0.0.1:${app.port}/page?port=${proxy.port}&${query}`);
    await opened.waitForFunction('globalThis.order');
    return opened;
  }

  async function reload(page: Page): Promise<void> {
    await page.reload();
    // The script goes on after the load, when the outbox is open.
    await page.waitForFunction('globalThis.order');
  }

  const send = (page: Page, ...numbers: number[]) =>
    page.evaluate(
      `for (const number of ${JSON.stringify(numbers)}) order(number).catch(() => {}); undefined`,
    );
  const outcomes = (page: Page) => page.evaluate<unknown[]>('outcomes');
  /** Waits until so many lie in boxes, on the disk. */
  const lie = (page: Page, count: number) => until(async () => (await page.evaluate(LYING)) === count);

  beforeAll(async () => {
    browser = await launchChromium(executablePath!);
    script = await bundleOf('outbox-page.mjs');
  });

  beforeEach(async () => {
    const html = `<!doctype html><title>Orders</title><script type="module">${script}</script>`;
    app = await startApp({
      providers: [OrdersEndpoint],
      options: { origins: '*' },
      prepare: (nest) =>
        nest
          .getHttpAdapter()
          .get('/page', (_: unknown, answer: { type(type: string): void; send(body: string): void }) => {
            answer.type('html');
            answer.send(html);
          }),
    });
    orders = app.get(OrdersEndpoint);
    proxy = await TcpProxy.to(app.port);
    context = await browser.newContext();
  });

  afterEach(async () => {
    await context.close();
    await proxy.stop();
    await stopAll();
  });

  afterAll(() => browser?.close());

  it('sends again, after a reload, what the server is still at: each is handled once, in order', async () => {
    const page = await open();
    await send(page, 1, 2, 3);
    await until(() => orders.latch.size === 1);
    await reload(page);
    await page.waitForFunction('client.connectionStatus.kind === "connected"');
    await send(page, 4);
    orders.latch.open();
    await page.waitForFunction('outcomes.length === 3');
    await until(() => orders.handled.length === 4);
    await lie(page, 0);

    expect(orders.handled).toEqual([1, 2, 3, 4]);
    expect(await outcomes(page)).toEqual([1, 2, 3]);
  });

  it('hears of what was handled without its knowledge, in a tab that crashed, and nothing runs twice', async () => {
    orders.latch.open();
    const page = await open('deaf');
    await send(page, 1, 2, 3);
    await until(() => orders.handled.length === 3);
    page.goto('chrome://crash').catch(() => undefined);
    await page.waitForEvent('crash');
    const next = await open();
    await next.waitForFunction('outcomes.length === 3');
    await lie(next, 0);

    expect(await outcomes(next)).toEqual([1, 2, 3]);
    expect(orders.handled).toEqual([1, 2, 3]);
  });

  it('keeps what was written while the server could not be reached, over any number of pages', async () => {
    orders.latch.open();
    await proxy.refuse();
    const page = await open();
    await send(page, 1);
    await lie(page, 1);
    await reload(page);
    await send(page, 2, 3);
    await lie(page, 3);
    await page.close();
    const next = await open();
    await proxy.pass();
    await next.waitForFunction('outcomes.length === 3');

    expect(orders.handled).toEqual([1, 2, 3]);
  });

  it('is one of several tabs, and takes over what a tab left that was closed', async () => {
    orders.latch.open();
    await proxy.refuse();
    const [one, two] = [await open(), await open()];
    await send(two, 2);
    await send(one, 1);
    await lie(one, 2);
    await two.close();
    await proxy.pass();
    await one.waitForFunction('outcomes.length === 1');

    expect(orders.handled).toEqual([1, 2]);
    expect(await outcomes(one)).toEqual([2]);
  });

  it('is left by a client that is closed, for the next one of the same page', async () => {
    const page = await open();
    await send(page, 1);
    await until(() => orders.latch.size === 1);
    const held = 'navigator.locks.query().then(({ held }) => held.length)';
    expect(await page.evaluate(held)).toBe(1);
    await page.evaluate('client.close()');

    expect(await page.evaluate(held)).toBe(0);
    expect(await page.evaluate(LYING)).toBe(1);
  });

  it('loses what it does not hold: without it, a reload takes what waits along', async () => {
    orders.latch.open();
    await proxy.refuse();
    const page = await open('mode=none');
    await send(page, 1);
    await reload(page);
    await proxy.pass();
    await page.waitForFunction('client.connectionStatus.kind === "connected"');
    await send(page, 2);
    await until(() => orders.handled.length > 0);

    expect(orders.handled).toEqual([2]);
  });

  it('does what an application cannot do with a list alone: that is handled twice', async () => {
    orders.latch.open();
    const page = await open('mode=naive&deaf');
    await send(page, 1, 2, 3);
    await until(() => orders.handled.length === 3);
    await open('mode=naive', page);
    await until(() => orders.handled.length === 6);

    expect(orders.handled).toEqual([1, 2, 3, 1, 2, 3]);
  });
});

/** Counts what lies in the boxes, by another connection than the page's. */
const LYING = `new Promise((resolve) => {
  indexedDB.open('nestwire.outbox').onsuccess = ({ target: { result } }) => {
    const count = result.transaction('messages').objectStore('messages').count();
    count.onsuccess = () => { result.close(); resolve(count.result); };
  };
})`;
