import { closeChats, startChat, type ChatApp } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { chatUser } from '../policy/chat-actor.js';

const ann = chatUser('ann');

describeOnEachDatabase('An edit that a client repeats', (fresh) => {
  let apps: readonly ChatApp[];
  let channelId: string;
  beforeAll(async () => {
    const database = fresh();
    apps = [await startChat({ database }), await startChat({ database })];
    channelId = (await apps[0]!.chat.channels.create(ann, { type: 'private' })).id;
  });
  afterAll(closeChats);

  const [here, there] = [0, 1];
  const messages = (server: number) => apps[server]!.chat.messages;
  async function posted() {
    const { seq } = await messages(here).post(ann, { channelId, text: 'first' });
    return { channelId, seq };
  }
  const textsOf = async (place: { readonly channelId: string; readonly seq: number }) =>
    (await apps[here]!.chat.history.versions(ann, place)).map(({ text }) => text);

  it('makes one version, on any server and at the same time', async () => {
    const place = await posted();
    const edit = { text: 'second', clientId: 'e1' };
    const answers = await Promise.all(
      [here, there, here].map((server) => messages(server).edit(ann, place, edit)),
    );
    const again = await messages(there).edit(ann, place, edit);

    expect(answers.map(({ version }) => version)).toEqual([2, 2, 2]);
    expect(again).toEqual(answers[0]);
    expect(await textsOf(place)).toEqual(['first']);
  });

  it('does not undo the edits after it', async () => {
    const place = await posted();
    await messages(here).edit(ann, place, { text: 'second', clientId: 'e1' });
    await messages(there).edit(ann, place, { text: 'third', clientId: 'e2' });
    const repeated = await messages(there).edit(ann, place, { text: 'second', clientId: 'e1' });

    expect(repeated).toMatchObject({ text: 'third', version: 3 });
    expect(await textsOf(place)).toEqual(['first', 'second']);
  });

  it('is another one for another message', async () => {
    const [one, other] = [await posted(), await posted()];
    for (const place of [one, other])
      await messages(here).edit(ann, place, { text: 'second', clientId: 'e1' });

    expect([await textsOf(one), await textsOf(other)]).toEqual([['first'], ['first']]);
  });

  it('would make more versions without a client id', async () => {
    const place = await posted();
    for (const server of [here, there]) await messages(server).edit(ann, place, { text: 'second' });

    expect(await textsOf(place)).toEqual(['first', 'second']);
  });

  it('has a client id of the form of others', async () => {
    const place = await posted();

    await expect(messages(here).edit(ann, place, { text: 'x', clientId: 'a b' })).rejects.toMatchObject({
      code: 'CHAT_INVALID',
    });
  });
});
