import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { defineChannel } from '@nestwire/messages';
import { CodedError, create, type PresenceEvent } from '@nestwire/protocol';
import {
  OnStreamMessage,
  OnStreamOpened,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamSession,
} from '@nestwire/streams';
import { IsString } from 'class-validator';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { until } from '../rig/until.js';
import { Note, Say, Score, type BoardStreams } from './pages/bindings-messages.js';
import { bundleOf } from './bundle.js';
import { findChromium, launchChromium } from './chromium.js';

jest.setTimeout(60_000);

IsString()(Say.prototype, 'text');

const board = defineChannel('board', { messages: [Note, Score] });

@StreamEndpoint('board')
class BoardEndpoint {
  private score = 0;

  @OnStreamOpened()
  async opened(session: StreamSession<BoardStreams['board']['out']>): Promise<AsyncIterable<PresenceEvent>> {
    await session.subscribe(board);
    await session.sendStreamMessage(create(Note, { text: 'first' }));
    await session.sendStreamMessage(create(Score, { value: this.score }));
    await session.presence.join(board);
    return session.presence.watch(board);
  }

  @OnStreamMessage(Say)
  async onSay(session: StreamSession, { text }: Say): Promise<void> {
    if (text === 'bad') throw new CodedError('BAD_NOTE', 'No bad notes.');
    await session.messages.postMessage(board, create(Note, { text }));
    await session.messages.postMessage(board, create(Score, { value: ++this.score }));
  }
}

class WallParams {
  @IsString() wallId!: string;
}

/** The calls of the walls, in the order of their start. */
const wallCalls: StreamCall[] = [];

@StreamEndpoint('wall', { params: WallParams })
class WallEndpoint {
  @StreamMethod(Say)
  add(_call: StreamCall<unknown, WallParams>, { text }: Say): Score {
    if (text === 'bad') throw new CodedError('BAD_NOTE', 'No bad notes.');
    return create(Score, { value: Number(text) });
  }

  @StreamMethod(Say)
  async *count(call: StreamCall<unknown, WallParams>, { text }: Say): AsyncGenerator<Score> {
    wallCalls.push(call);
    for (let value = 1; value <= 3; value++) yield await Promise.resolve(create(Score, { value }));
    if (text === 'on') await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
  }
}

const executablePath = findChromium();

describe.each([
  ['React', 'pages/react-bindings.tsx'],
  ['Vue', 'pages/vue-bindings.ts'],
])('The bindings for %s', (framework, file) => {
  (executablePath ? describe : describe.skip)('in a page', () => {
    let browser: Browser;
    let script: string;
    let app: RunningApp;
    let page: Page;
    let errors: string[];

    const text = (id: string) => page.textContent(`#${id}`, { timeout: 1_000 }).catch(() => undefined);
    const shows = (id: string, expected: string) => until(async () => (await text(id)) === expected);
    const readers = () => page.evaluate<number>('page.readers()');

    beforeAll(async () => {
      browser = await launchChromium(executablePath!);
      script = await bundleOf(file);
    });

    beforeEach(async () => {
      errors = [];
      const html = `<!doctype html><title>Board</title><div id="root"></div><script type="module">${script}</script>`;
      app = await startApp({
        providers: [BoardEndpoint, WallEndpoint],
        prepare: (nest) =>
          nest
            .getHttpAdapter()
            .get('/page', (_: unknown, answer: { type(type: string): void; send(body: string): void }) => {
              answer.type('html');
              answer.send(html);
            }),
      });
      page = await (await browser.newContext()).newPage();
      page.on('pageerror', ({ message }) => void errors.push(message));
      page.on(
        'console',
        (line) => line.type() === 'error' && !/favicon|404/.test(line.text()) && errors.push(line.text()),
      );
      await page.goto(`http://127.0.0.1:${app.port}/page`);
      await shows('status', 'connected');
    });

    afterEach(async () => {
      await page.context().close();
      await stopAll();
      expect(errors).toEqual([]);
    });

    afterAll(() => browser?.close());

    it('show what the stream has brought to all stores of it, through one reader', async () => {
      await shows('notes', 'first');
      await shows('score', '0');
      await shows('members', '1');

      expect(await readers()).toBe(1);
    });

    it('send, and show a failure until the next message', async () => {
      await page.click('#bad-0');
      await shows('sending', 'No bad notes.');
      await page.click('#ok-0');
      await shows('sending', 'idle');

      await shows('notes', 'first said');
      await shows('score', '1');
    });

    it('show the reply, the error and the items of calls', async () => {
      await page.click('#add');
      await shows('added', '7');
      await page.click('#add-bad');
      await shows('added', 'No bad notes.');
      await page.click('#count');
      await shows('counted', '1 2 3');
      await page.click('#count-on');
      await shows('counted', '1 2 3 …');
      await page.click('#stop');
      await shows('counted', '1 2 3');
      expect(wallCalls.at(-1)!.signal.reason).toMatchObject({ code: 'CANCELLED' });
    });

    it('leave a call of which the component has gone', async () => {
      await page.click('#count-on');
      await shows('counted', '1 2 3 …');
      const call = wallCalls.at(-1)!;
      expect(call.signal.aborted).toBe(false);
      await page.evaluate('page.mountMany(0)');
      await until(() => call.signal.aborted);
    });

    it('render a burst of messages fewer times than it has messages', async () => {
      await shows('notes', 'first');
      for (let n = 0; n < 500; n++) await app.messages.postMessage(board, create(Note, { text: `${n}` }));
      await until(async () => (await text('notes'))?.endsWith(' 499') ?? false);

      if (framework === 'React') expect(await page.evaluate('page.renderings()')).toBeLessThan(400);
    });

    it('keep the state of a component that is mounted again, and one reader over 1,000 mounts', async () => {
      await page.click('#ok-0');
      await shows('notes', 'first said');
      await page.evaluate('page.mountMany(1000)');
      expect(await readers()).toBe(1);
      await until(async () => (await readers()) === 0);
    });

    it('report the end of the stream', async () => {
      await shows('notes', 'first');
      await page.evaluate('page.close()');

      await shows('notes', 'first ended: closed');
      await shows('status', 'closed');
    });

    if (framework === 'React')
      it.each([
        ['is hidden', "page.show({ mode: 'hidden' })", "page.show({ mode: 'visible' })"],
        ['is suspended', 'page.suspend()', 'undefined'],
      ])('miss nothing while the tree %s', async (_, begin, end) => {
        await page.click('#ok-0');
        await shows('notes', 'first said');
        const hidden = page.evaluate(begin);
        await app.messages.postMessage(board, create(Note, { text: 'meanwhile' }));
        await hidden;
        await page.evaluate(end);

        await shows('notes', 'first said meanwhile');
        expect(await readers()).toBe(1);
      });

    if (framework === 'React')
      it('would miss messages if a store ended with its last component', async () => {
        await page.goto(`http://127.0.0.1:${app.port}/page?keepMs=0`);
        await shows('status', 'connected');
        await page.click('#ok-0');
        await until(async () => (await text('notes'))?.includes('said') ?? false);
        await page.evaluate("page.show({ mode: 'hidden' })");
        await page.evaluate('new Promise((resolve) => setTimeout(resolve))');
        await app.messages.postMessage(board, create(Note, { text: 'meanwhile' }));
        await page.evaluate('page.roundTrip()');
        await page.evaluate("page.show({ mode: 'visible' })");
        // The store begins soon after the tree is visible.
        await until(async () => {
          await app.messages.postMessage(board, create(Note, { text: 'later' }));
          return (await text('notes'))?.includes('later');
        });

        expect(await text('notes')).not.toContain('meanwhile');
      });
  });
});
