import { expect, it } from '@jest/globals';
import type { BrowserContext } from 'playwright-core';
import { describeChat, type ChatRig } from './chat-rig.js';
import { ChatTab } from './chat-tab.js';

describeChat('The attention of a user in a browser', (rig) => {
  it('neither counts nor notifies in a muted room, until it is loud again', async () => {
    const ada = await openWithNotifications(rig(), 'Ada Quiet');
    const grace = await rig().open('Grace Loud');
    await ada.page.getByRole('button', { name: 'Switch notifications on' }).click();
    await grace.choose('design');
    await ada.choose('Wren');
    await ada.channel('Wren').getByRole('img').waitFor({ state: 'detached' });
    await ada.choose('design');
    await ada.page.getByRole('button', { name: 'More', exact: true }).click();
    expect(await ada.barriers()).toEqual([]);
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('ArrowDown');
    await ada.page.keyboard.press('Enter');
    await ada.channel('design').and(ada.page.locator(':has(svg)')).waitFor();
    await ada.choose('harbour');
    await ada.page.waitForFunction(`document.title.startsWith('harbour')`);
    await lookAway(ada);
    await grace.say('Is anybody awake?');
    await ada.channel('design').getByText('Is anybody awake?').waitFor();
    expect(await ada.channel('design').getByRole('img').count()).toBe(0);
    expect(await ada.page.title()).toMatch(/^harbour/);
    expect(await shownIn(ada)).toEqual([]);

    await ada.page.bringToFront();
    await ada.choose('design');
    await ada.page.getByRole('button', { name: 'More', exact: true }).click();
    await ada.page.getByRole('button', { name: 'Notify again' }).click();
    await ada.choose('harbour');
    await grace.say('Good morning');
    await ada.channel('design').getByRole('img', { name: '1 unread' }).waitFor();
  });

  it('is asked for by a mention in a tab that nobody looks at, and by no other message', async () => {
    const ada = await openWithNotifications(rig(), 'Ada Away');
    const grace = await rig().open('Grace Near');
    await ada.page.getByRole('button', { name: 'Switch notifications on' }).click();
    await ada.choose('Wren');
    await ada.channel('Wren').getByRole('img').waitFor({ state: 'detached' });
    await ada.choose('harbour');
    await titleIs(ada, 'harbour · nestwire chat');
    await lookAway(ada);
    await grace.choose('design');
    await grace.say('An ordinary message');
    await ada.channel('design').getByText('An ordinary message').waitFor();
    await titleIs(ada, '• harbour · nestwire chat');
    expect(await shownIn(ada)).toEqual([]);

    await grace.composer.pressSequentially('Look at this @away');
    await grace.page.getByRole('option', { name: 'Ada Away' }).waitFor();
    await grace.composer.press('Enter');
    await grace.composer.press('Enter');
    await titleIs(ada, '(1) harbour · nestwire chat');
    await grace.say('That was all');
    await ada.channel('design').getByText('That was all').waitFor();
    expect(await shownIn(ada)).toEqual(['design: Grace Near: Look at this @Ada Away']);

    await ada.page.bringToFront();
    await ada.choose('design');
    await titleIs(ada, 'design · nestwire chat');

    // The pointer on the first new message leaves the mark above it visible.
    await ada.message('An ordinary message').hover();
    const mark = ada.page.getByRole('separator', { name: 'New messages' }).getByText('New');
    const [above, below] = [
      await mark.boundingBox(),
      await ada.page.locator('.message-actions').boundingBox(),
    ];
    expect(below!.y).toBeGreaterThanOrEqual(above!.y + above!.height);
  });

  it('clears on one device what was read on the other', async () => {
    const desk = await rig().open('Ada Twice');
    const grace = await rig().open('Grace Once');
    await desk.choose('harbour');
    const session = await desk.page.evaluate<string>(`JSON.stringify({ ...sessionStorage })`);
    const context = await rig().browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript(`Object.assign(sessionStorage, ${session})`);
    const phone = await rig().visit(context);
    await phone.choose('harbour');
    await grace.choose('release');
    await grace.say('For both devices');
    for (const device of [desk, phone])
      await device.channel('release').getByRole('img', { name: '1 unread' }).waitFor();
    await phone.page.bringToFront();
    await phone.choose('release');
    await phone.hears('Grace Once', 'For both devices');
    await desk.channel('release').getByRole('img').waitFor({ state: 'detached' });
  });
});

/** Opens a page that may notify, and that remembers what it has shown. */
async function openWithNotifications(rig: ChatRig, name: string): Promise<ChatTab> {
  const context = await rig.browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(['notifications']);
  await context.addInitScript(REMEMBER_NOTIFICATIONS);
  const tab = await rig.visit(context);
  await tab.signIn(name);
  return tab;
}

const REMEMBER_NOTIFICATIONS = `(() => {
  window.shown = [];
  window.Notification = class extends Notification {
    constructor(title, options) {
      super(title, options);
      shown.push(title + ': ' + options.body);
    }
  };
})()`;

function shownIn({ page }: ChatTab): Promise<string[]> {
  return page.evaluate('shown');
}

async function titleIs({ page }: ChatTab, title: string): Promise<void> {
  await page.waitForFunction(`document.title === ${JSON.stringify(title)}`);
}

/** Takes the focus from the page, as another window does. */
async function lookAway({ page }: ChatTab): Promise<void> {
  const context: BrowserContext = page.context();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  const other = await context.newPage();
  await other.bringToFront();
  await page.waitForFunction('!document.hasFocus()');
}
