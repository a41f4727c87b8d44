import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { ChatTab } from './chat-tab.js';
import { findRedis, missingRedis } from '../rig/redis-server.mjs';
import { findChromium, launchChromium } from './chromium.js';
import { takeScreenshotOfTabs } from './screenshots.js';
import { ServerProcess } from './server-process.js';

jest.setTimeout(90_000);

const executablePath = findChromium();
const redis = process.env.REDIS_URL ?? (await findRedis());
if (!redis) console.warn(`SKIPPED: ${missingRedis('The chat on two servers')}`);

(executablePath && redis ? describe : describe.skip)('the chat in a browser, on two servers', () => {
  let browser: Browser;
  let cluster: ServerProcess;
  let ada: ChatTab;
  let grace: ChatTab;
  let joan: ChatTab;

  beforeAll(async () => {
    [browser, cluster] = await Promise.all([
      launchChromium(executablePath!),
      ServerProcess.start('apps/chat-server/scripts/start-cluster.mjs', { PORT: '0' }, 2),
    ]);
    ada = await ChatTab.open(browser, cluster.urls[0], 'Ada');
    grace = await ChatTab.open(browser, cluster.urls[1], 'Grace', { colorScheme: 'dark' });
    joan = await ChatTab.open(browser, cluster.urls[1], 'Joan');
  });

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
  });

  it('shows who is there, whichever server they are on', async () => {
    await ada.page.getByRole('list', { name: 'In this room' }).getByText('Grace').waitFor();
    await grace.page.getByRole('list', { name: 'In this room' }).getByText('Ada').waitFor();
    await joan.join('engines');
    await ada.list.getByRole('button', { name: 'engines' }).waitFor();
  });

  it('carries what is said in a room from one server to the other, both ways', async () => {
    await ada.say('Are you on the other server?');
    await grace.hears('Ada', 'Are you on the other server?');
    await grace.say('I am. Redis carried that here, and this goes back the same way.');
    await ada.hears('Grace', 'I am. Redis carried that here, and this goes back the same way.');
    await ada.say('Loud and clear.');
    await grace.hears('Ada', 'Loud and clear.');
    await joan.choose('Ada');
    await joan.say('Psst.');
    await ada.list.getByLabel('1 unread').waitFor();
    await takeScreenshotOfTabs(browser, [ada, grace], 'two-servers');
  });

  it('carries private messages and announcements across', async () => {
    await ada.choose('Grace');
    await ada.say('Between us');
    await grace.choose('Ada');
    await grace.hears('Ada', 'Between us');
    await fetch(`${cluster.urls[1]}/announcements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"Tea at four."}',
    });
    await Promise.all([ada.sees('Tea at four.'), grace.sees('Tea at four.')]);
  });
});
