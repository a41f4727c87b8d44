import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { defineChannel } from '@nestwire/messages';
import { create, StreamMessage, type StreamGap } from '@nestwire/protocol';
import { OnStreamOpened, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { bundleOf } from './bundle.js';
import { findChromium, launchChromium } from './chromium.js';

jest.setTimeout(60_000);

@StreamMessage('browser.numbered')
class Numbered {
  declare readonly $type: 'browser.numbered';
  number!: number;
}

const numbers = defineChannel('numbers', {
  messages: [Numbered],
  history: { messages: 100, ageMs: 60_000 },
});

@StreamEndpoint('numbers')
class NumbersEndpoint {
  @OnStreamOpened()
  async opened(session: StreamSession<Numbered | StreamGap>): Promise<void> {
    await session.subscribe(numbers);
  }
}

const executablePath = findChromium();
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

(executablePath ? describe : describe.skip)('A page that is loaded anew', () => {
  let browser: Browser;
  let script: string;
  let app: RunningApp;
  let page: Page;
  let posted = 0;
  /** How many publications have arrived in the browser. */
  let arrived = 0;

  async function post(count: number): Promise<void> {
    for (let n = 0; n < count; n++)
      await app.messages.postMessage(numbers, create(Numbered, { number: ++posted }));
  }

  const shown = () => page.evaluate<unknown[]>('shown');
  const shows = (count: number) => until(async () => (await shown()).length >= count);

  /** Opens the page, and waits until the channel flows to it. */
  async function open(query: string): Promise<void> {
    page = await (await browser.newContext()).newPage();
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => void (arrived += Number(isPublication(payload)))),
    );
    await page.goto(`http://127.0.0.1:${app.port}/page?${query}`);
    await until(() => app.streams.counters().channels === 1);
  }

  /** Shows two of five messages, and is loaded anew without the order to stop. */
  async function reloadInTheMiddle(positions: string): Promise<void> {
    await open(`positions=${positions}&stop=2`);
    await post(5);
    await until(() => arrived === 5);
    await shows(2);
    expect(await shown()).toEqual([1, 2]);
    const loading = page.goto(`http://127.0.0.1:${app.port}/page?positions=${positions}`);
    await post(3);
    await loading;
    await until(() => page.evaluate(`client.connectionStatus.kind === 'connected'`));
    await until(() => app.streams.counters().channels === 1);
  }

  beforeAll(async () => {
    browser = await launchChromium(executablePath!);
    script = await bundleOf('reload-page.mjs');
  });

  beforeEach(async () => {
    [posted, arrived] = [0, 0];
    const html = `<!doctype html><title>Numbers</title><script type="module">${script}</script>`;
    app = await startApp({
      providers: [NumbersEndpoint],
      prepare: (nest) =>
        nest
          .getHttpAdapter()
          .get('/page', (_: unknown, answer: { type(type: string): void; send(body: string): void }) => {
            answer.type('html');
            answer.send(html);
          }),
    });
  });

  afterEach(async () => {
    await page.context().close();
    await stopAll();
  });

  afterAll(() => browser?.close());

  it('sees every message once, also those that its former self had not read', async () => {
    await reloadInTheMiddle('session');
    await post(2);
    await shows(10);

    expect(await shown()).toEqual(upTo(10));
  });

  it('sees every message once over many reloads while messages come', async () => {
    await open('positions=session');
    const posting = post(60);
    for (let n = 0; n < 5; n++) await page.reload();
    await posting;
    await shows(60);

    expect(await shown()).toEqual(upTo(60));
  });

  it('receives a gap when the history no longer contains the missed messages', async () => {
    await open('positions=session');
    await post(1);
    await shows(1);
    await page.goto('about:blank');
    await post(150);
    await page.goBack();
    await shows(2);
    await post(1);
    await shows(3);

    expect(await shown()).toEqual([1, 'trimmed', 152]);
  });

  it('would lose unread messages if received positions were stored', async () => {
    await reloadInTheMiddle('received');
    await post(2);
    await until(async () => (await shown()).includes(10));
    expect((await shown()).slice(0, 2)).toEqual([1, 2]);
    for (const unread of [3, 4, 5]) expect(await shown()).not.toContain(unread);
  });

  it('starts without positions if there is no store', async () => {
    await reloadInTheMiddle('none');
    await post(1);
    await until(async () => (await shown()).includes(9));

    for (const missed of [3, 4, 5]) expect(await shown()).not.toContain(missed);
  });

  it('goes on in a copy of the tab as in the tab itself', async () => {
    await open('positions=session');
    await post(2);
    await shows(2);
    const [copy] = await Promise.all([
      page.waitForEvent('popup'),
      page.evaluate('dispatchEvent(new Event("pagehide")), open(location.href) && undefined'),
    ]);
    await copy.waitForFunction('globalThis.client?.connectionStatus.kind === "connected"');
    await until(() => app.streams.counters().connections === 2);
    await post(1);
    await shows(3);
    await copy.waitForFunction('shown.length === 3');

    expect([await shown(), await copy.evaluate('shown')]).toEqual([upTo(3), upTo(3)]);
  });

  it('has forgotten its places when its former self closed the client', async () => {
    await open('positions=session');
    await post(2);
    await shows(2);
    await page.evaluate('client.close()');
    await post(2);
    await page.reload();
    await until(() => app.streams.counters().channels === 1);
    await post(1);
    await shows(3);

    expect(await shown()).toEqual([1, 2, 5]);
  });

  it('goes on in a tab whose storage is full, and was warned of it once', async () => {
    await open('positions=session');
    await page.evaluate(`(() => {
      for (let size = 1 << 22, n = 0; size >= 1; )
        try { sessionStorage.setItem('filler' + n++, 'x'.repeat(size)); } catch { size >>= 1; }
    })()`);
    await post(1);
    await until(() => page.evaluate('warnings.length === 1'));
    await post(1);
    await shows(2);
    await page.evaluate('dispatchEvent(new Event("pagehide"))');

    expect(await shown()).toEqual([1, 2]);
    expect(await page.evaluate('warnings')).toEqual(['nestwire: positions cannot be stored']);
  });
});

function isPublication(payload: string | Buffer): boolean {
  return String(payload).includes('"t":"publication"');
}
