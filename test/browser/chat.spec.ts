import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { describeChat, PHONE } from './chat-rig.js';
import { ChatTab } from './chat-tab.js';
import { takeScreenshot } from './screenshots.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describeChat('The chat in a browser, on one server', (rig) => {
  const open = (...given: Parameters<ReturnType<typeof rig>['open']>) => rig().open(...given);

  it('shows a week of history to a new visitor, and counts what is unread', async () => {
    const ada = await open('Ada');
    await ada.sees('With pleasure.');
    await ada.channel('Wren').getByRole('img', { name: '2 unread' }).waitFor();
    expect(await ada.page.title()).toContain('nestwire chat');
    await ada.choose('Wren');
    await ada.say('hello');
    await ada.hears('Wren', 'Hello! Ask me');
    await takeScreenshot(ada, 'assistant');
  });

  it('refuses a bad name with a reason', async () => {
    const tab = await ChatTab.visit(await rig().browser.newContext(), rig().url);
    await tab.page.getByLabel('Your name').fill('<b>');
    await tab.page.getByRole('button', { name: 'Enter' }).click();
    await tab.sees(/A name has 1 to 24 letters/);
    await tab.close();
  });

  it('edits, deletes, reacts and replies, and the other tab follows', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.say('Is anybody on the other end?');
    await grace.hears('Ada', 'Is anybody on the other end?');

    await grace.act('Is anybody on the other end?', 'React with 👍');
    await ada.message('Is anybody on the other end?').getByRole('button', { name: '👍 1, Grace' }).waitFor();
    await grace.act('Is anybody on the other end?', 'Reply');
    await grace.say('Loud and clear.');
    await ada
      .message('Loud and clear.')
      .getByRole('button', { name: /Ada Is anybody/ })
      .waitFor();

    await ada.composer.press('ArrowUp');
    await ada.page.getByRole('textbox', { name: 'Edit the text' }).fill('Is anybody there?');
    await ada.page.keyboard.press('Enter');
    await grace.hears('Ada', 'Is anybody there?');
    await grace.act('Loud and clear.', 'Delete');
    await grace.page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await ada.sees('This message was deleted.');
  });

  it('keeps threads beside the room', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.choose('design');
    await grace.choose('design');
    await ada.say('A question for a thread');
    await grace.hears('Ada', 'A question for a thread');
    await grace.act('A question for a thread', 'Reply in a thread');
    await grace.panel.getByRole('textbox', { name: /^Message to thread/ }).fill('An answer beside the room');
    await grace.page.keyboard.press('Enter');
    await ada.message('A question for a thread').getByRole('button', { name: '1 reply' }).click();
    await ada.message('An answer beside the room', ada.panel).waitFor();
    expect(await ada.texts()).not.toContain('An answer beside the room');
    await ada.page.reload();
    await ada.message('An answer beside the room', ada.panel).waitFor();
    await takeScreenshot(ada, 'thread');
    await ada.panel.press('Escape');
    await ada.panel.waitFor({ state: 'detached' });
  });

  it('completes mentions, and counts them for the mentioned user', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace Hopper')];
    await grace.choose('backend');
    await grace.say('I am here.');
    await ada.choose('backend');
    await ada.hears('Grace Hopper', 'I am here.');
    await grace.choose('harbour');
    await ada.composer.pressSequentially('Well done @hop');
    await ada.page.getByRole('option', { name: 'Grace Hopper' }).waitFor();
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.press('Enter');
    await ada.hears('Ada', 'Well done @Grace Hopper');
    await grace
      .channel('backend')
      .getByRole('img', { name: /1 mentions/ })
      .waitFor();
    await grace.channel('backend').click();
    await grace.hears('Ada', 'Well done @Grace Hopper');
    await grace.channel('backend').getByRole('img').waitFor({ state: 'detached' });
  });

  it('finds messages, shows the place of one, and goes back to the newest', async () => {
    const ada = await open('Ada');
    await ada.page.keyboard.press('Control+k');
    await ada.page.getByRole('searchbox', { name: 'Search messages' }).fill('structuredClone');
    await ada.sees(/Nothing found|messages found|old WebView/);
    await ada.page.getByRole('searchbox', { name: 'Search messages' }).fill('wedding');
    await ada.panel.getByRole('button', { name: /wedding/ }).click();
    await ada.message('nobody got wet feet').waitFor();
    await ada.panel.press('Escape');
    await ada.page.getByRole('button', { name: /Newest|new$/ }).click();
    await ada.message('With pleasure.').waitFor();
  });

  it('sends pictures, which the others see', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.composer.waitFor();
    await ada.page.locator('input[type=file]').setInputFiles(join(ROOT, 'docs/images/chat.png'));
    await ada.say('A picture of the chat');
    const picture = grace.message('A picture of the chat').getByRole('img', { name: 'chat.png' });
    await picture.waitFor();
    await grace.page.waitForFunction(`document.querySelector('.picture img').naturalWidth > 0`);
  });

  it('shows an answer while it is produced, and stops it', async () => {
    const ada = await open('Ada');
    await ada.choose('Wren');
    await ada.say('Tell me a long story');
    await ada.page.getByRole('button', { name: 'Stop' }).click();
    await ada.sees('(stopped)');
    const text = await ada.message('(stopped)').innerText();
    expect(text).not.toContain('I was only late');
  });

  it('makes rooms and direct channels', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.page.getByRole('button', { name: 'New room' }).click();
    await ada.page.getByLabel('Name').fill('campo-é-北京');
    await ada.page.getByRole('button', { name: 'Create the room' }).click();
    await ada.page.getByRole('heading', { name: 'campo-é-北京', level: 1 }).waitFor();
    await ada.sees('This is the beginning of campo-é-北京.');
    await ada.say('<b>¿Sí?</b>');
    await grace.page.goto(ada.page.url());
    await grace.page.getByRole('button', { name: 'Join' }).click();
    await grace.hears('Ada', '<b>¿Sí?</b>');
    await grace.page.getByRole('button', { name: /^Members/ }).click();
    await grace.panel.getByRole('button', { name: 'Message Ada' }).click();
    await grace.page.getByRole('heading', { name: 'Ada', level: 1 }).waitFor();
    await grace.say('Psst');
    await ada.channel('Grace').getByRole('img', { name: '1 unread' }).waitFor();
  });

  it('has no barriers that axe finds, in the dark and in the light', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const ada = await open('Ada', { colorScheme });
      await ada.message('With pleasure.').hover();
      expect(await ada.barriers()).toEqual([]);
      for (const panel of [/^Members/, 'Search']) {
        await ada.page.getByRole('button', { name: panel }).first().click();
        await ada.panel.waitFor();
        expect(await ada.barriers()).toEqual([]);
      }
      await ada.page.getByRole('button', { name: 'New direct message' }).click();
      expect(await ada.barriers()).toEqual([]);
    }
  });

  it('is used with the keyboard alone', async () => {
    const ada = await open('Ada');
    await ada.message('@Ada is here').waitFor();
    await ada.page.getByRole('region', { name: 'Messages in lobby' }).focus();
    await ada.page.keyboard.press('ArrowUp');
    await ada.page.locator('article:focus').waitFor();
    await ada.page.keyboard.press('Tab');
    await ada.page.keyboard.press('Enter');
    await ada.message('@Ada is here').getByRole('button', { name: '👍 1, you' }).waitFor();
    const next = await ada.list.locator('[data-channel] .channel-title').nth(1).innerText();
    await ada.page.keyboard.press('Alt+ArrowDown');
    await ada.page.getByRole('heading', { name: next, level: 1 }).waitFor();
  });

  it('fits a phone: one pane at a time, and nothing sticks out', async () => {
    const ada = await open('Ada', PHONE);
    await ada.channel('lobby').tap();
    // The greetings of the other tests push the history out of the small window.
    await ada.message('@Ada is here').waitFor();
    expect(await ada.list.isVisible()).toBe(false);
    await ada.say('A long word: ' + 'wire'.repeat(60));
    await ada.page.getByRole('button', { name: 'Send' }).tap();
    await ada.hears('Ada', 'A long word');
    expect(await ada.isTooWide()).toBe(false);
    expect(await ada.barriers()).toEqual([]);
    await takeScreenshot(ada, 'phone');
    await ada.page.getByRole('button', { name: /^Members/ }).tap();
    expect(await ada.composer.isVisible()).toBe(false);
    await ada.page.getByRole('button', { name: 'Back to the room' }).tap();
    await ada.page.getByRole('button', { name: 'Back to the list' }).tap();
    await ada.list.waitFor();
    await ada.page.setViewportSize({ width: 320, height: 560 });
    expect(await ada.isTooWide()).toBe(false);
  });
});
