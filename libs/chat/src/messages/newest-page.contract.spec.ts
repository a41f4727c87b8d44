import { startChat, closeChats, TestUsers } from '../../../../test/rig/chat-app.js';
import { describeOnEachDatabase } from '../../../../test/rig/chat-databases.js';
import { chatUser } from '../policy/chat-actor.js';

const ann = chatUser('ann');

/** Runs while a page looks up the authors of its messages. */
let meanwhile: () => Promise<unknown> = () => Promise.resolve();

class SlowUsers extends TestUsers {
  override async findMany(ids: readonly string[]) {
    await meanwhile();
    return super.findMany(ids);
  }
}

describeOnEachDatabase('The newest page of a thread', (fresh) => {
  afterAll(closeChats);

  it('has no newer messages when one is stored while it is read', async () => {
    const database = fresh();
    const { chat } = await startChat({ database, users: SlowUsers });
    const { id: channelId } = await chat.channels.create(ann, { type: 'private' });
    const { seq: threadSeq } = await chat.messages.post(ann, { channelId, text: 'question' });
    const reply = () => chat.messages.post(ann, { channelId, threadSeq, replyTo: threadSeq, text: 'reply' });
    await reply();
    const stored: Promise<unknown>[] = [];
    meanwhile = async () => {
      meanwhile = () => Promise.resolve();
      stored.push(reply());
      // A read of the embedded file keeps the writer waiting, so only PostgreSQL has the reply already.
      if (database.postgres !== undefined) await Promise.all(stored);
    };
    const { messages, hasNewer } = await chat.history.page(ann, { channelId, threadSeq });
    await Promise.all(stored);

    expect(messages.map(({ seq, replyTo }) => [seq, replyTo])).toEqual([[2, threadSeq]]);
    expect(hasNewer).toBe(false);
    expect(stored).toHaveLength(1);
  });
});
