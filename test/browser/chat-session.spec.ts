import { expect, it } from '@jest/globals';
import { describeChat } from './chat-rig.js';
import type { ChatTab } from './chat-tab.js';

describeChat('The session of a user in a browser', (rig) => {
  it('leaves nothing for the next user of the tab after a sign-out', async () => {
    const tab = await rig().open('Ada First');
    await tab.choose('Wren');
    await tab.say('My secret is 4711');
    await tab.hears('Ada First', 'My secret is 4711');
    await tab.composer.fill('An unfinished thought');
    await tab.choose('lobby');
    await keepPlace(tab);
    await tab.page.keyboard.press('Control+k');
    await tab.page.getByRole('searchbox', { name: 'Search messages' }).fill('4711');
    await tab.panel.getByRole('button', { name: /4711/ }).waitFor();
    const { id, token } = await ownSession(tab);
    expect(await keptIn(tab)).toEqual(expect.stringContaining('An unfinished thought'));
    expect(await keptIn(tab)).toEqual(expect.stringContaining('nestwire-chat.places.'));
    expect(await keptIn(tab)).toEqual(expect.stringContaining(token));

    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    const dialog = tab.page.getByRole('dialog', { name: 'Sign out Ada First?' });
    expect(await tab.barriers()).toEqual([]);
    await dialog.getByRole('button', { name: 'Sign out' }).click();
    await tab.page.getByLabel('Your name').waitFor();
    const kept = await keptIn(tab);
    for (const trace of ['Ada First', id, encodeURIComponent(id), token, 'An unfinished thought', '4711'])
      expect(kept).not.toContain(trace);
    expect(await tab.page.title()).toBe('nestwire chat');
    expect(new URL(tab.page.url()).hash).toBe('');

    await tab.signIn('Grace Second');
    await tab.choose('Wren');
    expect(await tab.composer.inputValue()).toBe('');
    await tab.hears('Wren', 'Hello! I am Wren');
    expect(await tab.page.getByText('4711').count()).toBe(0);
    await tab.choose('lobby');
    await tab.message('@Grace Second is here').waitFor();
    expect(await tab.panel.count()).toBe(0);
  });

  it('ends with the reason and the form when the server refuses the token', async () => {
    const tab = await rig().open('Ada Refused');
    await tab.page.evaluate(`(() => {
      const session = JSON.parse(sessionStorage.getItem('nestwire-chat.session'));
      sessionStorage.setItem('nestwire-chat.session', JSON.stringify({ ...session, token: 'forged' }));
    })()`);
    await tab.page.reload();
    await tab.page.getByLabel('Your name').waitFor();
    const alert = tab.page.getByRole('alert');
    expect(await alert.innerText()).toMatch(/credential was not accepted.*Sign in again/);
    expect(await tab.barriers()).toEqual([]);
    await tab.signIn('Ada Again');
    expect(await alert.count()).toBe(0);
  });

  it('shows why a room does not open, and what helps', async () => {
    const tab = await rig().open('Ada Outside');
    await tab.page.evaluate(`location.hash = '#/channel/no-such-room'`);
    const alert = tab.page.getByRole('main').getByRole('alert');
    await alert.getByText('Ask a member to invite you').waitFor();
    expect(await tab.barriers()).toEqual([]);
  });

  it('asks before unsent messages are deleted, and stays when the user wants to', async () => {
    const tab = await rig().open('Ada Careful');
    await tab.say('x'.repeat(4_001));
    await tab.sees(/^Not sent\./);
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await tab.sees('1 message is not sent. It is deleted when you sign out.');
    await tab.page.getByRole('button', { name: 'Stay', exact: true }).click();
    await tab.page.reload();
    await tab.sees(/^Not sent\./);
  });
});

/** Scrolls up, until the page keeps the place. */
async function keepPlace(tab: ChatTab): Promise<void> {
  const isKept = `Object.keys(sessionStorage).some((key) => key.startsWith('nestwire-chat.places.'))`;
  await tab.message('is here for the first time').waitFor();
  for (let offset = 300; !(await tab.page.evaluate<boolean>(isKept)); offset += 40)
    await tab.scrollTo(offset);
}

async function ownSession({ page }: ChatTab): Promise<{ readonly id: string; readonly token: string }> {
  return page.evaluate(`(() => {
    const { token, user } = JSON.parse(sessionStorage.getItem('nestwire-chat.session'));
    return { token, id: user.id };
  })()`);
}

/** Returns everything that the page keeps in the browser. */
function keptIn({ page }: ChatTab): Promise<string> {
  return page.evaluate(`Object.entries({ ...localStorage }).concat(Object.entries({ ...sessionStorage }))
    .map((entry) => entry.join('=')).join('\\n')`);
}
