import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { ChatUpdate } from '@nestwire/chat/client';
import { create } from '@nestwire/protocol';
import { describeChat } from './chat-rig.js';
import { connectVisitor, joinRoom } from './chat-visitor.js';

const PICTURE = fileURLToPath(new URL('../../docs/images/chat.png', import.meta.url));

describeChat('What a user sends in a browser', (rig) => {
  it('offers a refused message again, and discards another, also after a reload', async () => {
    const owner = await connectVisitor(rig().url, 'Owner');
    await joinRoom(owner, 'frozen');
    const room = owner.client.chatChannel({ channelId: 'frozen' });
    const ada = await rig().open('Ada Late');
    await ada.page.goto(`${rig().url}/#/channel/frozen`);
    await ada.page.getByRole('main').getByRole('button', { name: 'Join' }).click();
    await ada.composer.waitFor();

    const connect = await ada.cut();
    await ada.say('Wanted again');
    await ada.say('Not wanted any more');
    await room.update(create(ChatUpdate, { isFrozen: true }));
    await connect();
    const wanted = ada.message('Wanted again');
    await wanted.getByText('Not sent. The channel is frozen').waitFor();
    await ada.page.reload();
    await wanted.getByText('Not sent. The channel is frozen').waitFor();
    expect(await ada.barriers()).toEqual([]);
    await wanted.getByRole('button', { name: 'Try again' }).click();
    await wanted.getByText('Not sent. The channel is frozen').waitFor();

    await room.update(create(ChatUpdate, { isFrozen: false }));
    await ada.composer.waitFor();
    await ada.message('Not wanted').getByRole('button', { name: 'Discard' }).click();
    await wanted.getByRole('button', { name: 'Try again' }).click();
    await ada.hears('Ada Late', 'Wanted again');
    const grace = await rig().open('Grace');
    await grace.page.goto(`${rig().url}/#/channel/frozen`);
    await grace.hears('Ada Late', 'Wanted again');
    expect(await grace.page.getByText('Not wanted any more').count()).toBe(0);
    expect(await ada.page.getByText('Not wanted any more').count()).toBe(0);
    await owner.client.close();
  });

  it('sends a file that was dragged over the room', async () => {
    const [ada, grace] = [await rig().open('Ada Drop'), await rig().open('Grace Sees')];
    await ada.message('With pleasure.').waitFor();
    const { x, y, width, height } = (await ada.page
      .getByRole('region', { name: 'Messages in lobby' })
      .boundingBox())!;
    const devtools = await ada.page.context().newCDPSession(ada.page);
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      devtools.send('Input.dispatchDragEvent', {
        type,
        x: x + width / 2,
        y: y + height / 2,
        data: { items: [], files: [PICTURE], dragOperationsMask: 1 },
      });
    await drag('dragEnter');
    await drag('dragOver');
    await ada.page.locator('[data-dropping]').waitFor();
    await drag('drop');
    await ada.page.locator('[data-dropping]').waitFor({ state: 'detached' });
    await ada.page.getByRole('list', { name: 'Files to send' }).getByText('chat.png').waitFor();
    await ada.say('Dragged');
    await grace.message('Dragged').getByRole('img', { name: 'chat.png' }).waitFor();
    await grace.page.waitForFunction(`document.querySelector('.picture img')?.naturalWidth > 0`);
  });

  it('sends an image that was pasted, or removes it before', async () => {
    const context = await rig().browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const ada = await rig().visit(context);
    await ada.signIn('Ada Paste');
    const grace = await rig().open('Grace Looks');
    await ada.composer.click();
    await ada.page.evaluate(COPY_PICTURE);
    await ada.page.keyboard.press('Control+v');
    const files = ada.page.getByRole('list', { name: 'Files to send' });
    await files.getByRole('listitem').waitFor();
    await files.getByRole('button', { name: /^Remove/ }).click();
    await files.waitFor({ state: 'detached' });
    await ada.composer.click();
    await ada.page.keyboard.press('Control+v');
    await files.getByRole('listitem').waitFor();
    await ada.say('Pasted');
    await grace.message('Pasted').getByRole('img', { name: /png$/ }).waitFor();
  });

  it('keeps the unread replies of a thread out of the count of its room', async () => {
    const [ada, grace] = [await rig().open('Ada Asks'), await rig().open('Grace Tells')];
    await ada.choose('release');
    await grace.choose('release');
    await ada.say('Which thread is this?');
    await grace.hears('Ada Asks', 'Which thread is this?');
    await grace.act('Which thread is this?', 'Reply in a thread');
    const reply = async (text: string) => {
      await grace.panel.getByRole('textbox', { name: /^Message to thread/ }).fill(text);
      await grace.page.keyboard.press('Enter');
      await grace.message(text, grace.panel).waitFor();
    };
    await reply('The first reply');
    await ada.page.bringToFront();
    await ada.message('Which thread is this?').getByRole('button', { name: '1 reply' }).click();
    await ada.message('The first reply', ada.panel).waitFor();
    await ada.panel.press('Escape');
    await ada.choose('harbour');
    await reply('The second reply');
    await ada.choose('design');
    expect(await ada.channel('release').getByRole('img').count()).toBe(0);
    await ada.choose('release');
    await ada.page.reload();
    await ada.message('Which thread is this?').getByRole('button', { name: '2 replies' }).click();
    await ada.message('The second reply', ada.panel).waitFor();
    await ada.message('The first reply', ada.panel).waitFor();
    await ada.panel.getByRole('separator', { name: 'New messages' }).waitFor();
    const rows = await ada.panel.locator('[data-row=message], [data-row=unread]').allInnerTexts();
    expect(rows.map((text) => /New|first|second/.exec(text)?.[0])).toEqual(['first', 'New', 'second']);
  });
});

/** Draws a picture, and copies it. */
const COPY_PICTURE = `(async () => {
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext('2d').fillRect(5, 5, 20, 10);
  const picture = await canvas.convertToBlob({ type: 'image/png' });
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
})()`;
