import { create } from '@nestwire/protocol';
import { ChatCreate, ChatFind, ChatJoin } from '../wire/chat-requests.js';
import { ChannelList } from './channel-list.js';
import type { ChatOptions, ChatStreamClient } from './chat-client.js';
import type { ChatContext } from './chat-context.js';
import type { Chat, ChatRoom } from './chat-face.js';
import { systemClock } from './clock.js';
import { Drafts } from './drafts.js';
import { PostBox } from './post-box.js';
import { Room } from './room.js';

/** The most rooms that keep their messages while nobody reads them. */
const MAX_UNUSED_ROOMS = 20;

/**
 * Makes the chat of the user of a client.
 *
 * One chat belongs to one user: close it and make another one when the user changes.
 */
export function createChat(client: ChatStreamClient, options: ChatOptions): Chat {
  const { keepMs = 5_000, maxItems = 500, presence = true, clock = systemClock, user } = options;
  const rooms = new Map<string, Room>();
  const posts: PostBox = new PostBox({
    client,
    clock,
    userId: () => user()?.id ?? null,
    storage: options.outbox,
    changed: (channelId) => rooms.get(channelId)?.changedAll(),
    stored: (message) => rooms.get(message.channelId)?.mergeAll(message),
  });
  const context: ChatContext = {
    client,
    clock,
    options: { keepMs, maxItems, presence, user },
    posts,
    drafts: new Drafts(options.drafts),
  };
  const list = new ChannelList(context);
  posts.restore();
  return {
    list,
    channel: (id) => roomOf(rooms, id, context),
    ...channelActions(client),
    close() {
      list.end();
      posts.close();
      for (const room of rooms.values()) room.endAll();
    },
  };
}

function roomOf(rooms: Map<string, Room>, id: string, context: ChatContext): ChatRoom {
  const room = rooms.get(id) ?? new Room(context, id);
  rooms.delete(id);
  rooms.set(id, room);
  const unused = [...rooms].filter(([, other]) => !other.isInUse && other !== room);
  for (const [other] of unused.slice(0, -MAX_UNUSED_ROOMS)) rooms.delete(other);
  return room;
}

function channelActions({
  chatUser,
}: ChatStreamClient): Pick<Chat, 'create' | 'openDirect' | 'join' | 'leave' | 'search'> {
  const createChannel: Chat['create'] = async (channel) =>
    (await chatUser.createChannel(create(ChatCreate, channel as ChatCreate))).channel;
  return {
    create: createChannel,
    openDirect: (userIds) => createChannel({ type: 'direct', members: userIds }),
    join: (channelId) => chatUser.setMembership(create(ChatJoin, { channelId, isMember: true })),
    leave: (channelId) => chatUser.setMembership(create(ChatJoin, { channelId, isMember: false })),
    search: (text, options) => chatUser.find(create(ChatFind, { text, ...options } as ChatFind)),
  };
}
