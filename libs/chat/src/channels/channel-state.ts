import type { Queries } from '../database/chat-database.js';
import type { ChatWork } from '../outbox/chat-work.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import type { LastMessage } from './channel-entry.js';
import { selectChannel, type ChannelKey } from './channel-rows.js';
import { channelOf, type ChatChannel } from './chat-channel.js';

/** The part of a channel that a list shows to all of its members. */
export interface ChannelState {
  readonly channel: ChatChannel;
  readonly lastMessage: LastMessage | null;
}

/** Reads the part of channels that lists show. */
export class ChannelStates {
  constructor(
    private readonly work: ChatWork,
    private readonly profiles: ChatProfiles,
  ) {}

  /** Reads the present state; undefined when the channel does not exist. */
  async read({ tenant, id }: ChannelKey): Promise<ChannelState | undefined> {
    const found = await this.work.read(async (queries) => ({
      channel: await selectChannel(queries, { tenant, id }).executeTakeFirst(),
      last: await lastMessage(queries, { tenant, id }),
    }));
    if (!found.channel) return undefined;
    const channel = channelOf(found.channel);
    if (!found.last) return { channel, lastMessage: null };
    const { seq, kind, author_id, text, created_at: createdAt } = found.last;
    const author = author_id === null ? null : await this.profiles.one(tenant, author_id);
    return {
      channel,
      lastMessage: { seq, kind: kind as LastMessage['kind'], author, text: text ?? '', createdAt },
    };
  }
}

function lastMessage(queries: Queries, { tenant, id }: ChannelKey) {
  return queries
    .selectFrom('messages as m')
    .select(['m.seq', 'm.kind', 'm.author_id', 'm.text', 'm.created_at'])
    .where('m.tenant', '=', tenant)
    .where('m.channel_id', '=', id)
    .where('m.thread_seq', 'is', null)
    .where('m.deleted_at', 'is', null)
    .orderBy('m.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
}
