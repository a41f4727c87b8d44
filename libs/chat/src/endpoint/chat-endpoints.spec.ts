import { createMessageId } from '@nestwire/messages';
import { create, PresenceJoined, PresenceMembers } from '@nestwire/protocol';
import { StreamAuthenticator, StreamsModule } from '@nestwire/streams';
import { TestServer, type Connect } from '@nestwire/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestUsers } from '../../../../test/rig/chat-app.js';
import { describeWithRedis } from '../../../../test/rig/redis.js';
import { until } from '../../../../test/rig/until.js';
import { ChatModule } from '../chat.module.js';
import {
  CHAT_MESSAGES,
  ChatBeginUpload,
  ChatCancelUpload,
  ChatChunk,
  ChatCreate,
  ChatDelete,
  ChatEdit,
  ChatFind,
  ChatGrowth,
  ChatJoin,
  ChatJoined,
  ChatLoadChanges,
  ChatLoadChannels,
  ChatLoadPage,
  ChatMarkRead,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatPin,
  ChatPost,
  ChatReact,
  ChatStopGrowth,
  ChatTyping,
  ChatTypingEvent,
  ChatUploadFrom,
  ChatWatchPresence,
  applyGrowth,
  type ChatStreams,
} from '../client.js';
import { ChatService } from '../chat.service.js';
import { chatUser } from '../policy/chat-actor.js';
import type { ChatProfile } from '../users/chat-users.js';

/** Users that a test can hold while a page waits for the profile of `slow`. */
class SlowUsers extends TestUsers {
  static reached: (() => void) | undefined;
  static released: Promise<void> | undefined;
  static free: () => void = () => undefined;

  override async findMany(ids: readonly string[]): Promise<readonly ChatProfile[]> {
    const { released } = SlowUsers;
    if (released && ids.includes('slow')) {
      SlowUsers.reached?.();
      await released;
    }
    return super.findMany(ids);
  }
}

const slowUsers = {
  /** Resolves when a page waits. */
  hold(): Promise<void> {
    SlowUsers.released = new Promise((resolve) => (SlowUsers.free = resolve));
    return new Promise((resolve) => (SlowUsers.reached = resolve));
  },
  release(): void {
    SlowUsers.released = undefined;
    SlowUsers.free();
  },
};

/** The test clients bring their users with them. */
class Nobody extends StreamAuthenticator {
  authenticate(): null {
    return null;
  }
}

const post = (text: string, clientId = createMessageId()) => create(ChatPost, { clientId, text });
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

describeWithRedis('The endpoints of the chat', (redis) => {
  describe('on two servers', () => {
    let folder: string;
    let servers: TestServer[];
    let connect: Connect<ChatStreams>[];
    let chat: ChatService;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
      servers = await Promise.all(
        [1, 2].map(() =>
          TestServer.start({
            imports: [
              StreamsModule.forRoot({ redis: redis().url, authenticator: Nobody }),
              ChatModule.forRoot({
                users: SlowUsers,
                database: { file: join(folder, 'chat.sqlite') },
                attachments: { folder: join(folder, 'files') },
                limits: { changesPerWindow: 1_000 },
              }),
            ],
          }),
        ),
      );
      connect = servers.map((server) => server.clientsOf<ChatStreams>()({ messages: CHAT_MESSAGES }));
      chat = servers[0]!.app.get(ChatService);
    });
    afterAll(async () => {
      await Promise.all(servers.map((server) => server.close()));
      await rm(folder, { recursive: true, force: true });
    });

    const ann = () => connect[0]!({ as: { id: 'ann' } });
    const bob = () => connect[1]!({ as: { id: 'bob' } });

    /** A private channel of ann and bob, and both of them in it, on two servers. */
    async function roomOfTwo() {
      const { id: channelId } = await chat.channels.create(chatUser('ann'), {
        type: 'private',
        members: ['bob'],
      });
      const [forAnn, forBob] = [
        (await ann()).chatChannel({ channelId }),
        (await bob()).chatChannel({ channelId }),
      ];
      await Promise.all([forAnn.open(), forBob.open()]);
      return { channelId, forAnn, forBob };
    }

    it('carry a message from its author to the others, with the newest page first', async () => {
      const { channelId, forAnn, forBob } = await roomOfTwo();
      expect(await forBob.next(ChatJoined)).toMatchObject({
        channel: { id: channelId },
        messages: [],
        hasOlder: false,
      });
      const { message } = await forAnn.post(post('hello'));

      const event = await forBob.next(ChatMessageEvent);
      expect(event).toMatchObject({
        kind: 'message.posted',
        message: { seq: 1, text: 'hello', author: { name: 'The ann' } },
      });
      expect(event.message).toEqual(message);
      expect(await forAnn.next(ChatMessageEvent)).toMatchObject({ message: { clientId: message.clientId } });
      const late = (await ann()).chatChannel({ channelId });
      expect(await late.next(ChatJoined)).toMatchObject({
        messages: [{ text: 'hello' }],
        membership: { role: 'owner' },
      });
    });

    it('store a post once, however often and on whichever server it is sent', async () => {
      const { channelId, forAnn, forBob } = await roomOfTwo();
      const again = (await connect[1]!({ as: { id: 'ann' } })).chatChannel({ channelId });
      const stored = await Promise.all(
        [forAnn, again, forAnn].map((stream) => stream.post(post('once', 'c1'))),
      );

      expect(stored.map(({ message }) => message.seq)).toEqual([1, 1, 1]);
      await forAnn.post(post('later'));
      await until(() => forBob.unread.filter((event) => event instanceof ChatMessageEvent).length === 2);
    });

    it('leave no gap between the page and the live stream', async () => {
      const { channelId, forAnn } = await roomOfTwo();
      await chat.channels.add(chatUser('ann'), channelId, ['slow']);
      await chat.messages.post(chatUser('slow'), { channelId, text: 'before' });
      await forAnn.next(ChatMessageEvent);
      const late = (await connect[1]!({ as: { id: 'bob' } })).chatChannel({ channelId });
      const reading = slowUsers.hold();
      const opening = late.open();
      await reading;
      // The page is read and not yet sent. What is posted now must reach its reader all the same.
      await forAnn.post(post('between'));
      await forAnn.next(ChatMessageEvent, { where: ({ message }) => message.text === 'between' });
      slowUsers.release();
      await opening;

      const page = await late.next(ChatJoined);
      expect(page.messages.map(({ text }) => text)).toEqual(['before']);
      expect(await late.next(ChatMessageEvent)).toMatchObject({ message: { seq: 2, text: 'between' } });
    });

    it('answer pages, changes and pointers, and report each change to the others', async () => {
      const { forAnn, forBob } = await roomOfTwo();
      for (const text of ['1', '2', '3']) await forAnn.post(post(text));
      await forAnn.edit(create(ChatEdit, { seq: 1, text: 'one' }));
      await forBob.react(create(ChatReact, { seq: 2, emoji: '👍', isSet: true }));
      await forAnn.pin(create(ChatPin, { seq: 2, isPinned: true }));
      await forAnn.remove(create(ChatDelete, { seq: 3 }));

      const page = await forBob.loadPage(create(ChatLoadPage, { before: 3, limit: 1 }));
      expect(page).toMatchObject({
        hasOlder: true,
        hasNewer: true,
        messages: [{ seq: 2, reactions: [{ emoji: '👍' }] }],
      });
      const changes = await forBob.loadChanges(create(ChatLoadChanges, { revision: 3 }));
      expect(changes.messages.map(({ seq, text }) => [seq, text])).toEqual([
        [1, 'one'],
        [2, '2'],
        [3, null],
      ]);
      expect(await forBob.markRead(create(ChatMarkRead, { seq: 2 }))).toMatchObject({ seq: 2 });
      expect(await forBob.markRead(create(ChatMarkRead, { seq: 1 }))).toMatchObject({ seq: 2 });
      expect(await codeOf(forBob.markRead(create(ChatMarkRead, { seq: 99 })))).toBe('CHAT_INVALID');
      const deleted = await forBob.next(ChatMessageEvent, {
        where: ({ kind }) => kind === 'message.deleted',
      });
      expect(deleted.message).toMatchObject({ seq: 3, text: null });
    });

    it('refuse strangers, forged changes and invalid requests, each with a reason', async () => {
      const { channelId, forAnn, forBob } = await roomOfTwo();
      await forAnn.post(post('mine'));
      const stranger = (await connect[0]!({ as: { id: 'eve' } })).chatChannel({ channelId });
      const nobody = (await connect[0]!()).chatChannel({ channelId });

      expect(await codeOf(stranger.open())).toBe('CHAT_NOT_FOUND');
      expect(await codeOf(nobody.open())).toBe('UNAUTHENTICATED');
      expect(await codeOf(stranger.post(post('x')))).toBe('CHAT_NOT_FOUND');
      expect(await codeOf(forBob.edit(create(ChatEdit, { seq: 1, text: 'forged' })))).toBe('CHAT_FORBIDDEN');
      expect(await codeOf(forBob.remove(create(ChatDelete, { seq: 1 })))).toBe('CHAT_FORBIDDEN');
      expect(await codeOf(forBob.post(post('x', 'not valid!')))).toBe('INVALID_MESSAGE');
      const smuggled = Object.assign(post('x'), { channelId: 'other' });
      expect(await codeOf(forBob.post(smuggled))).toBe('INVALID_MESSAGE');
    });

    it('end the stream of a member who is removed, on the other server too', async () => {
      const { channelId, forBob } = await roomOfTwo();
      await forBob.next(ChatJoined);
      await chat.channels.remove(chatUser('ann'), channelId, 'bob');
      expect(await codeOf(forBob.post(post('still here?')))).toMatch(/^CHAT_(NOT_FOUND|FORBIDDEN)$/);
      await until(async () => (await codeOf(forBob.open())) === 'CHAT_NOT_FOUND');

      await chat.messages.post(chatUser('ann'), { channelId, text: 'secret' });
      const { messages } = await chat.history.page(chatUser('ann'), { channelId });
      expect(messages.map(({ text }) => text)).toEqual(['secret']);
      const received = forBob.unread.flatMap((event) =>
        event instanceof ChatMessageEvent ? [event.message.text] : [],
      );
      expect(received).not.toContain('secret');
    });

    it('bring the pieces of a growing message to readers on each server, and stop it from each', async () => {
      const { channelId, forAnn, forBob } = await roomOfTwo();
      await chat.channels.add(chatUser('ann'), channelId, ['bot']);
      await forBob.post(post('why?'));
      async function* endless() {
        for (let at = 1; ; at++) {
          yield `${at} `;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
      const end = chat.messages.grow(chatUser('bot'), { channelId, replyTo: 1 }, endless());
      const begun = await forBob.next(ChatMessageEvent, { where: ({ message }) => message.growth !== null });
      let shown = begun.message;
      while (shown.text!.length < 20) {
        const growth = await forBob.next(ChatGrowth);
        shown =
          applyGrowth(shown, growth) ?? (await chat.history.get(chatUser('bob'), { channelId, seq: 2 }));
      }
      const late = (await ann()).chatChannel({ channelId });
      expect((await late.next(ChatJoined)).messages.at(-1)).toMatchObject({ growth: { isGrowing: true } });
      const carol = (await connect[0]!({ as: { id: 'carol' } })).chatChannel({ channelId });
      expect(await codeOf(carol.stopGrowth(create(ChatStopGrowth, { seq: 2 })))).toBe('CHAT_NOT_FOUND');
      await forBob.stopGrowth(create(ChatStopGrowth, { seq: 2 }));

      const final = await end;
      expect(final.growth).toMatchObject({ isStopped: true });
      expect(final.text!.startsWith(shown.text!)).toBe(true);
      const grown = await forAnn.next(ChatMessageEvent, { where: ({ kind }) => kind === 'message.grown' });
      expect(grown.message).toEqual(final);
    });

    it('receive a file in chunks, continue it on another server, and bring it to the readers', async () => {
      const { forAnn, forBob, channelId } = await roomOfTwo();
      const file = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
      const begin = create(ChatBeginUpload, { clientId: 'f1', name: 'a.bin', size: file.length });
      const { id, offset, chunkBytes } = await forAnn.beginUpload(begin);
      async function* chunks(from: number, to = file.length) {
        for (let at = from; at < to; at += chunkBytes)
          yield await Promise.resolve(
            create(ChatChunk, { bytes: file.subarray(at, Math.min(at + chunkBytes, to)) }),
          );
      }
      const half = forAnn.upload(create(ChatUploadFrom, { id, offset }), chunks(0, 50_000));
      expect(await codeOf(half)).toBe('CHAT_INVALID');
      const laptop = (await connect[1]!({ as: { id: 'ann' } })).chatChannel({ channelId });
      const again = await laptop.beginUpload(begin);
      expect(again).toMatchObject({ id, offset: 50_000 });
      expect(await codeOf(forBob.upload(create(ChatUploadFrom, { id, offset: 0 }), chunks(0)))).toBe(
        'CHAT_NOT_FOUND',
      );
      const done = await laptop.upload(
        create(ChatUploadFrom, { id, offset: again.offset }),
        chunks(again.offset),
      );
      const spare = await forBob.beginUpload(create(ChatBeginUpload, { clientId: 'f2', name: 'b', size: 1 }));
      await forBob.cancelUpload(create(ChatCancelUpload, { id: spare.id }));
      await laptop.post(create(ChatPost, { clientId: 'm1', text: '', attachmentIds: [id] }));

      expect(done.attachment).toMatchObject({ id, name: 'a.bin', size: file.length });
      const { message } = await forBob.next(ChatMessageEvent);
      expect(message.attachments).toEqual([done.attachment]);
    });

    it('tell who types and who is present', async () => {
      const { forAnn, forBob } = await roomOfTwo();
      await forAnn.sendStreamMessage(create(ChatTyping, { isTyping: true }));
      await forAnn.sendStreamMessage(create(ChatTyping, { isTyping: true }));
      await forAnn.sendStreamMessage(create(ChatTyping, { isTyping: false }));

      expect(await forBob.next(ChatTypingEvent)).toMatchObject({
        user: { id: 'ann', name: 'The ann' },
        isTyping: true,
      });
      expect(await forBob.next(ChatTypingEvent)).toMatchObject({ isTyping: false });
      await forBob.sendStreamMessage(create(ChatWatchPresence, {}));
      expect((await forBob.next(PresenceMembers)).members.map(({ userId }) => userId)).toEqual(['bob']);
      await forAnn.sendStreamMessage(create(ChatWatchPresence, {}));
      expect(await forBob.next(PresenceJoined)).toMatchObject({ userId: 'ann' });
    });

    it('list the channels of a user, and move the pointer on all devices', async () => {
      const [phone, laptop] = await Promise.all([
        connect[0]!({ as: { id: 'cat' } }),
        connect[1]!({ as: { id: 'cat' } }),
      ]);
      await Promise.all([phone.chatUser.open(), laptop.chatUser.open()]);
      const made = await phone.chatUser.createChannel(
        create(ChatCreate, { type: 'direct', members: ['dan'] }),
      );
      const channelId = made.channel.id;
      await chat.messages.post(chatUser('dan'), { channelId, text: 'A needle' });
      const { entries } = await laptop.chatUser.loadChannels(create(ChatLoadChannels, {}));

      expect(entries).toMatchObject([
        { channel: { id: channelId }, unreadCount: 1, lastMessage: { text: 'A needle' } },
      ]);
      await phone.chatChannel({ channelId }).markRead(create(ChatMarkRead, { seq: 1 }));
      const moved = await laptop.chatUser.next(ChatMembershipEvent, {
        where: ({ membership }) => membership?.readSeq === 1,
      });
      expect(moved.channelId).toBe(channelId);
      expect((await laptop.chatUser.find(create(ChatFind, { text: 'needle' }))).messages).toHaveLength(1);
      const { id } = await chat.channels.create(chatUser('ann'), { type: 'public' });
      await laptop.chatUser.setMembership(create(ChatJoin, { channelId: id, isMember: true }));
      expect((await chat.channels.get(chatUser('cat'), id)).membership).toMatchObject({ role: 'member' });
      await laptop.chatUser.setMembership(create(ChatJoin, { channelId: id, isMember: false }));
      expect((await chat.channels.get(chatUser('cat'), id)).membership).toBeNull();
    });
  });
});
