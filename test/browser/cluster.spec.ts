import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { hasPostgres, PostgresServer } from '../rig/postgres-server.js';
import { findRedis, missingRedis, startRedis, type RedisServer } from '../rig/redis-server.mjs';
import { ChatTab } from './chat-tab.js';
import { findChromium, launchChromium } from './chromium.js';
import { takeScreenshotOfTabs } from './screenshots.js';
import { ServerProcess } from './server-process.js';

jest.setTimeout(300_000);

const SERVER = 'apps/chat-server/dist/main.js';
const executablePath = findChromium();
const isThere = (await findRedis()) !== undefined;
if (!isThere) console.warn(`SKIPPED: ${missingRedis('The chat on two servers')}`);

/** The databases that two servers may share; the file has no URL. */
const DATABASES = [
  { name: 'one file', isThere: true, start: async () => undefined },
  { name: 'PostgreSQL', isThere: hasPostgres, start: () => PostgresServer.start() },
];

const canRun = executablePath !== undefined && isThere;
for (const database of DATABASES)
  (canRun && database.isThere ? describe : describe.skip)(
    `The chat in a browser, on two servers and ${database.name}`,
    () => describeTwoServers(database.start),
  );

/** Describes the chat on two servers that share a database and a Redis. */
function describeTwoServers(startDatabase: () => Promise<PostgresServer | undefined>): void {
  const folder = mkdtempSync(join(tmpdir(), 'chat-'));
  let browser: Browser;
  let redis: RedisServer;
  let database: PostgresServer | undefined;
  let one: ServerProcess;
  let two: ServerProcess;
  let tabs: ChatTab[] = [];

  const startServer = (port = '0') =>
    ServerProcess.start(SERVER, {
      PORT: port,
      REDIS_URL: redis.url,
      DATABASE_URL: database?.url,
      CHAT_DATA: folder,
    });
  const open = async (server: ServerProcess, name: string, options?: Parameters<typeof ChatTab.open>[3]) => {
    const tab = await ChatTab.open(browser, server.urls[0]!, name, options);
    tabs.push(tab);
    await tab.composer.waitFor();
    return tab;
  };

  beforeAll(async () => {
    [browser, redis, database] = await Promise.all([
      launchChromium(executablePath!),
      startRedis(),
      startDatabase(),
    ]);
    // The second one finds the rooms that the first one has filled.
    one = await startServer();
    two = await startServer();
  });

  afterEach(async () => {
    const problems = tabs.flatMap((tab) => tab.problems);
    await Promise.all(tabs.map((tab) => tab.close()));
    tabs = [];
    expect(problems).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all([one?.stop(), two?.stop()]);
    await Promise.all([redis?.stop(), database?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('carries messages, typing and presence from one server to the other, both ways', async () => {
    const ada = await open(one, 'Ada');
    const grace = await open(two, 'Grace', { colorScheme: 'dark' });
    await ada.page.getByRole('button', { name: /^Members: \d+ 2 here now/ }).waitFor();
    await grace.composer.pressSequentially('Are you');
    await ada.sees('Grace is typing');
    await grace.composer.fill('Are you on the other server?');
    await grace.composer.press('Enter');
    await ada.hears('Grace', 'Are you on the other server?');
    await ada.say('I am. Redis carried that here, and this goes back the same way.');
    await grace.hears('Ada', 'I am. Redis carried that here, and this goes back the same way.');
    await takeScreenshotOfTabs(browser, [ada, grace], 'two-servers');
  });

  it('keeps what is written offline, also over a reload, and sends it once', async () => {
    const [ada, grace] = [await open(one, 'Ada'), await open(two, 'Grace')];
    const proxyOff = await ada.cut();
    await ada.say('Written without a connection');
    await ada.sees('Sending…');
    await grace.say('Meanwhile, on the other side');
    await ada.page.reload();
    await ada.sees('Written without a connection');
    await proxyOff();
    await grace.hears('Ada', 'Written without a connection');
    await ada.hears('Grace', 'Meanwhile, on the other side');
    await ada.hears('Ada', 'Written without a connection');
    expect(await copiesOf(grace, 'Written without a connection')).toBe(1);
    expect(await copiesOf(ada, 'Written without a connection')).toBe(1);
  });

  it('counts down while the server is gone, and takes up where it was when it returns', async () => {
    const [ada, grace] = [await open(one, 'Ada'), await open(two, 'Grace')];
    const { port } = new URL(one.urls[0]!);
    await one.stop('SIGKILL');
    await ada.sees(/Next try in \d+ s/);
    await ada.say('Sent while the server was away');
    await grace.say('The other server stays');
    one = await startServer(port);
    await ada.hears('Grace', 'The other server stays');
    await grace.hears('Ada', 'Sent while the server was away');
    await ada.page.getByText(/Next try in/).waitFor({ state: 'detached' });
    expect(await copiesOf(grace, 'Sent while the server was away')).toBe(1);
  });

  it('keeps two devices of one user in step', async () => {
    const [phone, grace] = [await open(one, 'Ada'), await open(two, 'Grace')];
    await phone.choose('backend');
    const session = await phone.page.evaluate<string>(`JSON.stringify({ ...sessionStorage })`);
    const context = await browser.newContext();
    await context.addInitScript(`Object.assign(sessionStorage, ${session})`);
    const desk = await ChatTab.visit(context, two.urls[0]!);
    tabs.push(desk);
    await desk.choose('backend');
    await phone.say('From the phone');
    await desk.hears('Ada', 'From the phone');

    await phone.choose('harbour');
    await desk.choose('harbour');
    await grace.choose('release');
    await grace.say('Something to read');
    await phone.channel('release').getByRole('img', { name: '1 unread' }).waitFor();
    await desk.channel('release').getByRole('img', { name: '1 unread' }).waitFor();
    await desk.page.bringToFront();
    await desk.choose('release');
    await desk.hears('Grace', 'Something to read');
    await phone.channel('release').getByRole('img').waitFor({ state: 'detached' });
  });
}

function copiesOf({ page }: ChatTab, text: string): Promise<number> {
  return page.getByRole('main').getByRole('article').filter({ hasText: text }).count();
}
