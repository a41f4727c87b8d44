import { create } from '@nestwire/protocol';
import { ChatCreate, ChatJoin } from '../wire/channel-requests.js';
import { ChatFind } from '../wire/chat-requests.js';
import { ChatLoadOpenChannels } from '../wire/list-requests.js';
import { ChatFindUsers, ChatSetBlock } from '../wire/user-requests.js';
import { ChannelList } from './channel-list.js';
import type { ChatOptions, ChatStreamClient } from './chat-client.js';
import type { ChatContext } from './chat-context.js';
import type { Chat } from './chat.js';
import type { ChatRoom } from './chat-face.js';
import { systemClock } from './clock.js';
import { Drafts } from './drafts.js';
import { KeptPosts } from './kept-posts.js';
import { KeptTexts } from './kept-texts.js';
import { PostBox } from './post-box.js';
import { Profiles } from './profiles.js';
import { putLast } from './recent-entries.js';
import { Room } from './room.js';
import { StreamReading } from './stream-reading.js';

/** The most rooms that keep their messages while nobody reads them. */
const MAX_UNUSED_ROOMS = 20;

/**
 * Makes the chat of the user of a client.
 *
 * Close it when the page no longer needs it. When another user signs in, it forgets the messages of the former one, whose posts wait for their author.
 */
export function createChat(client: ChatStreamClient, options: ChatOptions): Chat {
  const rooms = new Map<string, Room & ChatRoom>();
  let isClosed = false;
  const context: ChatContext = {
    ...partsOf(client, options, rooms),
    isClosed: () => isClosed,
    readMoved: (id, seq) => list.read(id, seq),
  };
  const { posts, drafts } = context;
  const list = new ChannelList(context);
  let lastUser: string | null | undefined;
  posts.restore();
  const stopStatus = client.addConnectionStatusListener((status) => {
    if (status.kind !== 'connected') return;
    if (lastUser !== undefined && lastUser !== status.user) {
      list.forget();
      for (const room of rooms.values()) room.forgetAll();
    }
    lastUser = status.user;
    posts.sendAll();
  });
  if (client.connectionStatus.kind === 'connected') posts.sendAll();
  return {
    list,
    channel(id) {
      const room = rooms.get(id) ?? Room.of(context, id);
      putLast(rooms, [id, room], MAX_UNUSED_ROOMS, (other) => other.isRead);
      return room;
    },
    ...userActions(client),
    clear() {
      drafts.clear();
      posts.clear();
    },
    close() {
      isClosed = true;
      stopStatus();
      list.end();
      posts.close();
      for (const room of rooms.values()) room.endAll();
    },
  };
}

function partsOf(
  client: ChatStreamClient,
  options: ChatOptions,
  rooms: ReadonlyMap<string, Room>,
): Omit<ChatContext, 'readMoved' | 'isClosed'> {
  const { keepMs = 5_000, maxItems = 500, presence = true, clock = systemClock, user } = options;
  // oxlint-disable-next-line no-console -- the default of an option, as in the client
  const { onWarning = console.warn } = options;
  const userId = (): string | null => user()?.id ?? null;
  return {
    client,
    clock,
    options: { keepMs, maxItems, presence, user },
    userId,
    feed: new StreamReading(client, client.chatUser, clock),
    profiles: new Profiles(),
    drafts: new Drafts(new KeptTexts(options.drafts, 'draft', onWarning), userId),
    posts: new PostBox({
      client,
      clock,
      userId,
      kept: new KeptPosts(new KeptTexts(options.outbox, 'post', onWarning), clock),
      changed: (channelId) => rooms.get(channelId)?.changedAll(),
      isRead: (channelId) => rooms.get(channelId)?.isRead ?? false,
    }),
  };
}

function userActions({ chatUser }: ChatStreamClient): Omit<Chat, 'list' | 'channel' | 'clear' | 'close'> {
  const createChannel: Chat['create'] = async (channel) =>
    (await chatUser.createChannel(create(ChatCreate, channel as ChatCreate))).channel;
  return {
    create: createChannel,
    openDirect: (userIds) => createChannel({ type: 'direct', members: userIds }),
    join: (channelId) => chatUser.setMembership(create(ChatJoin, { channelId, isMember: true })),
    leave: (channelId) => chatUser.setMembership(create(ChatJoin, { channelId, isMember: false })),
    search: (text, request) => chatUser.find(create(ChatFind, { text, ...request } as ChatFind)),
    openChannels: (request) =>
      chatUser.loadOpenChannels(create(ChatLoadOpenChannels, { ...request } as ChatLoadOpenChannels)),
    findUsers: async (text) => (await chatUser.findUsers(create(ChatFindUsers, { text }))).users,
    setBlock: (userId, isBlocked) => chatUser.setBlock(create(ChatSetBlock, { userId, isBlocked })),
  };
}
