import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { ChatTab } from './chat-tab.js';
import { findChromium, launchChromium } from './chromium.js';
import { takeScreenshot, takeScreenshotOfTabs } from './screenshots.js';
import { ServerProcess } from './server-process.js';

jest.setTimeout(90_000);

const SERVER = 'apps/chat-server/dist/main.js';
const PHONE = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true } as const;

const executablePath = findChromium();

(executablePath ? describe : describe.skip)('the chat in a browser, on one server', () => {
  let browser: Browser;
  let server: ServerProcess;
  let tabs: ChatTab[] = [];

  const open = async (name: string, options?: typeof PHONE) => {
    const tab = await ChatTab.open(browser, server.urls[0], name, options);
    tabs.push(tab);
    return tab;
  };

  beforeAll(async () => {
    [browser, server] = await Promise.all([
      launchChromium(executablePath!),
      ServerProcess.start(SERVER, { PORT: '0', REDIS_URL: undefined }),
    ]);
  });

  afterEach(async () => {
    const problems = tabs.flatMap((tab) => tab.problems);
    await Promise.all(tabs.map((tab) => tab.close()));
    tabs = [];
    expect(problems).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('carries what is said in a room to the other tab, and shows who is there', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.page.getByRole('list', { name: 'In this room' }).getByText('Grace').waitFor();
    await ada.say('Is anybody on the other end?');
    await grace.hears('Ada', 'Is anybody on the other end?');
    await grace.say('Loud and clear.');
    await ada.hears('Grace', 'Loud and clear.');
    await takeScreenshotOfTabs(browser, [ada, grace], 'one-server');
  });

  it('keeps rooms apart, offers those that others made, and counts what is unread', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.join('engines');
    await grace.choose('engines');
    await grace.say('Only for this room');
    await ada.hears('Grace', 'Only for this room');
    await ada.choose('lobby');
    expect(await ada.page.getByText('Only for this room').count()).toBe(0);
    await grace.say('You left?');
    await ada.list.getByLabel('1 unread').waitFor();
  });

  it('takes names and rooms in any script', async () => {
    const [jose, yuki] = [await open('José Ñ.'), await open('雪')];
    await jose.join('campo-é-北京');
    await yuki.choose('campo-é-北京');
    await yuki.say('你好 👋');
    await jose.hears('雪', '你好 👋');
    await jose.choose('雪');
    await jose.say('<b>¿Sí?</b>');
    await yuki.choose('José Ñ.');
    await yuki.hears('José Ñ.', '<b>¿Sí?</b>');
  });

  it('carries a private message to that person alone', async () => {
    const [ada, grace, joan] = [await open('Ada'), await open('Grace'), await open('Joan')];
    await ada.choose('Grace');
    await ada.say('Between us');
    await ada.hears('Ada', 'Between us');
    await grace.choose('Ada');
    await grace.hears('Ada', 'Between us');
    await joan.say('Nobody tells me anything');
    await joan.hears('Joan', 'Nobody tells me anything');
    expect(await joan.page.getByText('Between us').count()).toBe(0);
  });

  it('says why when a private message cannot be delivered, and keeps what was written', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.choose('Grace');
    await ada.say('Still there?');
    await ada.hears('Ada', 'Still there?');
    await grace.page.getByRole('button', { name: 'Leave the chat' }).click();
    await ada.sees('away');
    await ada.say('Hello?');
    await ada.sees('Grace is not here right now.');
    expect(await ada.page.getByLabel('Message to Grace').inputValue()).toBe('Hello?');
  });

  it('shows an announcement that came over HTTP in every tab, and refuses a bad one', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.page.getByRole('button', { name: 'Announce to everybody' }).click();
    await ada.page.getByRole('textbox', { name: 'Announcement' }).fill('Tea at four.');
    await ada.page.getByRole('button', { name: 'Announce', exact: true }).click();
    await Promise.all([ada.sees('Tea at four.'), grace.sees('Tea at four.')]);
    await grace.page.getByRole('button', { name: 'Dismiss the announcement' }).click();
    expect(await grace.page.getByText('Tea at four.').count()).toBe(0);
    const refused = await fetch(`${server.urls[0]}/announcements`, { method: 'POST' });
    expect(refused.status).toBe(400);
  });

  it('counts down to the next try when the server is gone, and takes up where it was when it returns', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.join('engines');
    await grace.choose('engines');
    await server.stop('SIGKILL');
    await Promise.all([ada.sees(/Next try in \d+ s/), grace.sees(/Next try in \d+ s/)]);
    await ada.page.getByLabel('Message to engines').fill('A draft');
    expect(await ada.page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
    await takeScreenshot(ada, 'line-down');
    await ada.join('telegraph');
    await ada.choose('engines');
    server = await ServerProcess.start(SERVER, { PORT: new URL(server.urls[0]).port });
    await Promise.all([ada.sees('Connected'), grace.sees('Connected')]);
    await ada.page.getByRole('list', { name: 'In this room' }).getByText('Grace').waitFor();
    await ada.page.getByLabel('Message to engines').press('Enter');
    await grace.hears('Ada', 'A draft');
    await grace.choose('telegraph');
    await grace.say('Joined while the line was down?');
    await ada.list.getByLabel('1 unread').waitFor();
  });

  it('fits a phone: nothing sticks out, and the list opens, serves and closes', async () => {
    const [ada, grace] = [await open('Ada', PHONE), await open('Grace')];
    await grace.say('A long word: ' + 'wire'.repeat(60));
    await ada.page.getByRole('article').first().waitFor();
    expect(await ada.isTooWide()).toBe(false);
    expect(await ada.list.isVisible()).toBe(false);
    await takeScreenshot(ada, 'phone');
    await ada.page.getByRole('button', { name: 'Show rooms and people' }).tap();
    await ada.list.getByRole('button', { name: 'Grace' }).tap();
    await ada.page.getByRole('heading', { name: 'Grace', level: 1 }).waitFor();
    await ada.list.waitFor({ state: 'hidden' });
    await ada.page.getByRole('button', { name: 'Show rooms and people' }).press('Enter');
    await ada.list.getByRole('button', { name: 'Close the list' }).press('Escape');
    await ada.list.waitFor({ state: 'hidden' });
    await ada.page.setViewportSize({ width: 320, height: 560 });
    expect(await ada.isTooWide()).toBe(false);
    expect(await ada.page.getByLabel('Message to Grace').isVisible()).toBe(true);
  });
});
