import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ChatModule } from '../../libs/chat/src/chat.module.js';
import { ChatService } from '../../libs/chat/src/chat.service.js';
import { chatUser } from '../../libs/chat/src/policy/chat-actor.js';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { TestUsers } from '../rig/chat-app.js';
import { until } from '../rig/until.js';
import { TokenUsers } from '../rig/users.js';
import { bundleOf } from './bundle.js';
import { findChromium, launchChromium } from './chromium.js';

jest.setTimeout(120_000);

const executablePath = findChromium();
const NOTHING = { timers: 0, listeners: 0, readers: 0 };

(executablePath ? describe : describe.skip)('The hooks of the chat, in React', () => {
  let browser: Browser;
  let script: string;
  let app: RunningApp;
  let page: Page;
  let folder: string;
  let rooms: readonly string[];
  let errors: string[];

  const text = (id: string) => page.textContent(`#${id}`, { timeout: 1_000 }).catch(() => undefined);
  const shows = (id: string, expected: string) => until(async () => (await text(id)) === expected);
  const open = () => page.evaluate<typeof NOTHING>('page.open()');
  const service = () => app.get(ChatService);
  const say = (message: string, room = 0) =>
    service().messages.post(chatUser('bob'), { channelId: rooms[room]!, text: message });

  beforeAll(async () => {
    browser = await launchChromium(executablePath!);
    script = await bundleOf('pages/chat-bindings.tsx');
  });

  beforeEach(async () => {
    errors = [];
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-bindings-'));
    const html = `<!doctype html><title>Chat</title><div id="root"></div><script type="module">${script}</script>`;
    app = await startApp({
      imports: [
        ChatModule.forRoot({
          users: TestUsers,
          database: { file: join(folder, 'chat.sqlite') },
          limits: { changesPerWindow: 10_000 },
        }),
      ],
      options: { authenticator: TokenUsers },
      prepare: (nest) =>
        nest
          .getHttpAdapter()
          .get('/page', (_: unknown, answer: { type(type: string): void; send(body: string): void }) => {
            answer.type('html');
            answer.send(html);
          }),
    });
    const channels = [1, 2].map(() =>
      service().channels.create(chatUser('ann'), { type: 'private', members: ['bob'] }),
    );
    rooms = (await Promise.all(channels)).map(({ id }) => id);
    await say('first');
    await service().messages.post(chatUser('bob'), { channelId: rooms[0]!, text: 'reply', threadSeq: 1 });
    page = await (await browser.newContext()).newPage();
    page.on('pageerror', ({ message }) => void errors.push(message));
    page.on(
      'console',
      (line) => line.type() === 'error' && !/favicon|404/.test(line.text()) && errors.push(line.text()),
    );
  });

  async function load(query = ''): Promise<void> {
    await page.goto(`http://127.0.0.1:${app.port}/page?rooms=${rooms.join(',')}${query}`);
    await shows('status', 'live');
    await shows('list', 'live 2 1');
    await shows('thread', 'live reply');
  }

  afterEach(async () => {
    await page.context().close();
    await stopAll();
    await rm(folder, { recursive: true, force: true });
    expect(errors).toEqual([]);
  });

  afterAll(() => browser?.close());

  it('show a room, a thread and the list, through one reader of each stream', async () => {
    await load();
    await shows('items', 'first/stored');
    await shows('unread', '1');

    expect(await open()).toMatchObject({ readers: 2 });
    expect(app.streams.counters().sessions).toBe(2);
  });

  it('keep the place in a draft while it is typed, and post it', async () => {
    await load();
    await page.fill('#draft-0', 'helo');
    await page.press('#draft-0', 'ArrowLeft');
    await page.press('#draft-0', 'l');
    expect(await page.inputValue('#draft-0')).toBe('hello');
    const place = 'document.activeElement.selectionStart';
    expect(await page.evaluate(place)).toBe(4);

    await page.click('#post-0');
    await shows('items', 'first/stored hello/stored');
  });

  it('find messages', async () => {
    await load();
    await say('a needle');
    await page.click('#search');
    await shows('found', 'a needle');
  });

  it('render a burst of messages fewer times than it has messages', async () => {
    await load();
    await Promise.all(Array.from({ length: 200 }, (__, n) => say(`${n}`)));
    await until(async () => (await text('items'))?.split(' ').length === 201);

    expect(await page.evaluate('page.renderings()')).toBeLessThan(400);
    expect(await page.evaluate('page.torn()')).toBe(0);
  });

  it.each([
    ['is hidden', "page.show({ mode: 'hidden' })", "page.show({ mode: 'visible' })"],
    ['is suspended', 'page.suspend()', 'page.resume()'],
  ])('miss nothing while the tree %s', async (_, begin, end) => {
    await load();
    await page.evaluate(begin);
    await say('meanwhile');
    await page.evaluate(end);

    await shows('items', 'first/stored meanwhile/stored');
    expect(await open()).toMatchObject({ readers: 2 });
  });

  it('leave the streams of a tree that stays hidden, and show what it missed', async () => {
    await load('&keepMs=20');
    await page.evaluate("page.show({ mode: 'hidden' })");
    await until(async () => JSON.stringify(await open()) === JSON.stringify(NOTHING));
    await until(() => app.streams.counters().sessions === 1);
    await say('meanwhile');
    await page.evaluate("page.show({ mode: 'visible' })");

    await shows('items', 'first/stored meanwhile/stored');
    expect(await open()).toMatchObject({ readers: 2 });
  });

  it('show one room in each commit while transitions switch rooms and messages arrive', async () => {
    await load();
    const switching = page.evaluate('page.switchRooms(101)');
    for (let n = 0; n < 50; n++) await say(`${n}`, n % 2);
    await switching;

    await shows('items', Array.from({ length: 25 }, (__, n) => `${2 * n + 1}/stored`).join(' '));
    await shows('count', '25');
    expect(await page.evaluate('page.torn()')).toBe(0);
  });

  it('leave no reader, listener, timer or session after 1,000 mounts', async () => {
    await load('&keepMs=20');
    await page.evaluate('page.mountMany(1000)');
    await until(async () => JSON.stringify(await open()) === JSON.stringify(NOTHING));
    await until(() => app.streams.counters().sessions === 1);
    // The stream of the user remains for the connection, with the channel of its memberships.
    expect(app.streams.counters()).toMatchObject({ connections: 1, channels: 1 });

    await page.evaluate('page.show({ boards: 1, room: 0 })');
    await shows('items', 'first/stored');
    expect(await open()).toMatchObject({ readers: 2 });
  });

  it('would show a reader that a component forgets', async () => {
    await load('&keepMs=20');
    await page.evaluate('page.leak()');
    await page.evaluate('page.mountMany(10)');
    await until(async () => (await open()).timers === 0 && (await open()).readers === 2);
    await until(() => app.streams.counters().sessions === 2);

    expect(await open()).not.toEqual(NOTHING);
    expect(app.streams.counters().channels).toBeGreaterThan(1);
  });
});
