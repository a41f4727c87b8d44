import { create } from '@nestwire/protocol';
import { StreamAuthenticator, type StreamHandshake, type StreamUser } from '@nestwire/streams';
import { TestAccounts } from '../../../../test/rig/chat-app.js';
import { startChatServers, type ChatServers } from '../../../../test/rig/chat-servers.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import {
  ChatCreate,
  ChatIntroduce,
  ChatJoined,
  ChatMemberEvent,
  ChatMessageEvent,
  ChatPost,
  ChatTyping,
  ChatTypingEvent,
} from '../client.js';

/** A token is the id of its user. */
class Tokens extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}

describeWithRedis('A guest with a name, on another server', (redis) => {
  let started: ChatServers;
  beforeAll(async () => {
    started = await startChatServers(
      redis().url,
      { guests: true, users: TestAccounts },
      { authenticator: Tokens },
    );
  });
  afterAll(() => started.close());

  it('is seen as a member, while typing and in messages', async () => {
    const guest = await started.connect[0]!({ auth: () => null });
    const request = create(ChatCreate, { type: 'support', members: ['ann'] });
    const { channel } = await guest.chatUser.createChannel(request);
    const ofGuest = guest.chatChannel({ channelId: channel.id });
    await ofGuest.next(ChatJoined);
    const ann = await started.connect[1]!({ auth: () => 'ann' });
    const ofAnn = ann.chatChannel({ channelId: channel.id });
    await ofAnn.next(ChatJoined);
    const { user } = await guest.chatUser.introduce(create(ChatIntroduce, { name: 'The ann' }));

    expect(user).toEqual({ id: expect.stringMatching(/^guest:/), name: 'The ann (guest)', isGuest: true });
    const isRenamed = ({ member }: ChatMemberEvent) => member?.user.name === user.name;
    expect(await ofAnn.next(ChatMemberEvent, { where: isRenamed })).toMatchObject({ member: { user } });
    await ofGuest.sendStreamMessage(create(ChatTyping, { isTyping: true }));
    expect(await ofAnn.next(ChatTypingEvent)).toMatchObject({ user });
    await ofGuest.post(create(ChatPost, { clientId: 'c1', text: 'Hello' }));
    expect(await ofAnn.next(ChatMessageEvent)).toMatchObject({ message: { author: user } });
  });
});
