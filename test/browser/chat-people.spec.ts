import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { describeChat, PHONE } from './chat-rig.js';
import type { ChatTab } from './chat-tab.js';
import { reportsIn } from './chat-reports.js';

describeChat('The people of a room in a browser', (rig) => {
  it('lets the owner give roles, and a moderator remove members', async () => {
    const ada = await rig().open('Ada Owner');
    const [grace, linus] = [await rig().open('Grace Mod'), await rig().open('Linus Loud')];
    const url = await newRoom(ada, 'roles');
    for (const tab of [grace, linus]) await joinAt(tab, url);

    await ada.page.getByRole('button', { name: /^Members: 3/ }).click();
    await ada.panel.getByRole('button', { name: 'More about Grace Mod' }).click();
    await ada.page.getByRole('button', { name: 'Change the role' }).click();
    const dialog = ada.page.getByRole('dialog', { name: 'Role of Grace Mod' });
    await dialog.getByRole('radio', { name: /^Moderator/ }).check();
    expect(await ada.barriers()).toEqual([]);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await rowOf(ada, 'Grace Mod').getByText('Moderator').waitFor();

    await grace.page.getByRole('button', { name: /^Members: 3/ }).click();
    await grace.panel.getByRole('button', { name: 'More about Linus Loud' }).waitFor();
    await grace.panel.getByRole('button', { name: 'More about Ada Owner' }).click();
    await grace.page.getByRole('button', { name: 'Block Ada Owner' }).waitFor();
    expect(await grace.page.getByRole('button', { name: 'Remove Ada Owner' }).count()).toBe(0);
    await grace.page.keyboard.press('Escape');
    await grace.panel.getByRole('button', { name: 'More about Linus Loud' }).click();
    await grace.page.getByRole('button', { name: 'Remove Linus Loud' }).click();
    expect(await grace.barriers()).toEqual([]);
    await grace.page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await rowOf(grace, 'Linus Loud').waitFor({ state: 'detached' });
    await linus.page
      .getByRole('main')
      .getByText(/no longer a member|Join to take part/)
      .waitFor();
    await linus.composer.waitFor({ state: 'detached' });
  });

  it('lets a user find and join an open room with the keyboard alone', async () => {
    const ada = await rig().open('Ada Host');
    await newRoom(ada, 'sailing-club');
    const grace = await rig().open('Grace Guest');
    await grace.composer.waitFor();
    await grace.page.getByRole('button', { name: 'Browse rooms' }).focus();
    await grace.page.keyboard.press('Enter');
    const dialog = grace.page.getByRole('dialog', { name: 'Browse rooms' });
    await dialog.getByRole('button', { name: 'Open lobby' }).waitFor();
    expect(await grace.barriers()).toEqual([]);
    await grace.page.keyboard.type('sailing');
    await dialog.getByRole('listitem').filter({ hasText: 'lobby' }).waitFor({ state: 'detached' });
    // The list, the button that looks at the room, and the one that joins it.
    for (let step = 0; step < 3; step++) await grace.page.keyboard.press('Tab');
    await grace.page.keyboard.press('Enter');
    await grace.page.getByRole('heading', { name: 'sailing-club', level: 1 }).waitFor();
    await grace.say('I can tie one knot.');
    await ada.hears('Grace Guest', 'I can tie one knot.');
  });

  it('invites a user into a private room, who joins or declines', async () => {
    const [ada, grace] = [await rig().open('Ada Inviter'), await rig().open('Grace Invited')];
    await newRoom(ada, 'secret-plan', { isPrivate: true });
    await ada.say('Only invited people read this.');
    await ada.page.getByRole('button', { name: 'More', exact: true }).click();
    await ada.page.getByRole('button', { name: 'Invite people' }).click();
    await ada.page.getByRole('searchbox', { name: 'Search people' }).fill('Grace Inv');
    await ada.page
      .getByRole('list', { name: 'People' })
      .getByRole('button', { name: 'Grace Invited', exact: true })
      .click();
    expect(await ada.barriers()).toEqual([]);
    await ada.page.getByRole('button', { name: 'Invite', exact: true }).click();

    await grace.channel('secret-plan').click();
    await grace.sees('You are invited to secret-plan');
    expect(await grace.page.getByText('Only invited people read this.').count()).toBe(0);
    expect(await grace.barriers()).toEqual([]);
    await grace.page.getByRole('main').getByRole('button', { name: 'Join' }).click();
    await grace.hears('Ada Inviter', 'Only invited people read this.');
    await grace.say('Thank you for the invitation.');
    await ada.hears('Grace Invited', 'Thank you for the invitation.');
  });

  it('reports a message to the moderators, with a reason', async () => {
    const [ada, grace] = [await rig().open('Ada Rude'), await rig().open('Grace Hurt')];
    await ada.say('Buy cheap boats at example.org');
    await grace.hears('Ada Rude', 'Buy cheap boats');
    await grace.act('Buy cheap boats', 'Report');
    const dialog = grace.page.getByRole('dialog', { name: 'Report a message of Ada Rude' });
    await dialog.getByLabel('Reason').selectOption('Another reason');
    expect(await dialog.getByRole('button', { name: 'Report' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Details').fill('It is the third time today.');
    expect(await grace.barriers()).toEqual([]);
    await dialog.getByRole('button', { name: 'Report' }).click();
    await grace.sees('The moderators have your report.');
    expect(reportsIn(join(rig().folder, 'chat.sqlite'))).toEqual([
      'Another reason: It is the third time today.',
    ]);
  });

  it('shows in a direct and a small room who has read up to a message', async () => {
    const [ada, grace] = [await rig().open('Ada Writes'), await rig().open('Grace Reads')];
    const url = await newRoom(ada, 'small-room');
    await joinAt(grace, url);
    await grace.choose('lobby');
    await ada.page.bringToFront();
    await ada.say('Has anybody seen this?');
    await ada.hears('Ada Writes', 'Has anybody seen this?');
    expect(await ada.page.getByRole('img', { name: /^Seen by/ }).count()).toBe(0);
    await grace.page.bringToFront();
    await grace.choose('small-room');
    await grace.hears('Ada Writes', 'Has anybody seen this?');
    const seen = ada.message('Has anybody seen this?').getByRole('img', { name: 'Seen by Grace Reads' });
    await seen.waitFor();
    expect(await ada.barriers()).toEqual([]);
    await ada.say('And this?');
    await ada.message('And this?').getByRole('img', { name: 'Seen by Grace Reads' }).waitFor();
    await seen.waitFor({ state: 'detached' });
    await ada.page.reload();
    await ada.message('And this?').getByRole('img', { name: 'Seen by Grace Reads' }).waitFor();
  });

  it('hides the messages of a blocked user, on each device, until the user shows them', async () => {
    const [ada, grace] = [await rig().open('Ada Tired'), await rig().open('Grace Noisy')];
    await newRoom(ada, 'calm-room');
    await joinAt(grace, ada.page.url());
    await grace.say('First noise');
    await ada.hears('Grace Noisy', 'First noise');
    await ada.page.getByRole('button', { name: /^Members: 2/ }).click();
    await ada.panel.getByRole('button', { name: 'More about Grace Noisy' }).click();
    await ada.page.getByRole('button', { name: 'Block Grace Noisy' }).click();
    const hidden = ada.page.getByRole('article', { name: 'A message of a blocked user' });
    await hidden.waitFor();
    await grace.say('Second noise');
    await hidden.nth(1).waitFor();
    expect(await ada.page.getByText(/First noise|Second noise/).count()).toBe(0);
    expect(await ada.barriers()).toEqual([]);
    await ada.page.reload();
    await hidden.nth(1).waitFor();
    await hidden.nth(1).getByRole('button', { name: 'Show' }).click();
    await ada.hears('Grace Noisy', 'Second noise');
    expect(await ada.page.getByRole('main').getByText('First noise').count()).toBe(0);
    // The actions of the message under the pointer reach over the one above it.
    await ada.composer.hover();
    await hidden.first().getByRole('button', { name: 'Unblock Grace Noisy' }).click();
    await ada.hears('Grace Noisy', 'First noise');
  });

  it('fits a phone: the members, the roles and the open rooms', async () => {
    const ada = await rig().open('Ada Small', PHONE);
    await ada.page.getByRole('button', { name: 'Browse rooms' }).tap();
    await ada.page.getByRole('list', { name: 'Open rooms' }).getByText('#lobby').waitFor();
    expect(await ada.isTooWide()).toBe(false);
    expect(await ada.barriers()).toEqual([]);
    await ada.page.keyboard.press('Escape');
    expect(await ada.barriers()).toEqual([]);
    await newRoom(ada, 'phone-room');
    await ada.page.getByRole('button', { name: /^Members: 1/ }).tap();
    await rowOf(ada, 'Ada Small').getByText('Owner').waitFor();
    expect(await ada.isTooWide()).toBe(false);
    expect(await ada.barriers()).toEqual([]);
  });
});

/** Makes a room, and returns its address. */
async function newRoom(tab: ChatTab, name: string, { isPrivate = false } = {}): Promise<string> {
  await tab.page.getByRole('button', { name: 'New room' }).click();
  await tab.page.getByLabel('Name').fill(name);
  if (isPrivate) await tab.page.getByRole('checkbox', { name: /^Private/ }).check();
  await tab.page.getByRole('button', { name: 'Create the room' }).click();
  await tab.page.getByRole('heading', { name, level: 1 }).waitFor();
  await tab.composer.waitFor();
  return tab.page.url();
}

async function joinAt(tab: ChatTab, url: string): Promise<void> {
  await tab.page.goto(url);
  await tab.page.getByRole('main').getByRole('button', { name: 'Join' }).click();
  await tab.composer.waitFor();
}

/** The row of a member in the panel. */
function rowOf({ page }: ChatTab, name: string) {
  return page.locator('.members').getByRole('listitem').filter({ hasText: name });
}
