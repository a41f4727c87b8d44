import type { Queries } from '../database/chat-database.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type ChatChangeKind } from '../outbox/outbox.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChannelGate } from './channel-gate.js';
import { updateChannel, type ChannelKey } from './channel-rows.js';
import { channelOf, type ChannelRow, type ChatChannel } from './chat-channel.js';

/** A change of the row of a channel, and the right that it needs. */
export interface ChannelChange {
  readonly actor: ChatActor;
  readonly channelId: string;
  readonly action: 'channel.update' | 'channel.freeze' | 'channel.archive';
  readonly set: Partial<Pick<ChannelRow, 'name' | 'data' | 'frozen_at' | 'archived_at'>>;
}

/** Changes the row of a channel in a transaction, and publishes it. */
export class ChannelChanger {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
  ) {}

  /** Sets the columns; none changes nothing. */
  run({ actor, channelId, action, set }: ChannelChange, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      await this.gate.demand(open, action);
      if (Object.keys(set).length === 0) return channelOf(open.channel);
      const row = await updateChannel(queries, open.channel)
        .set(set)
        .returningAll()
        .executeTakeFirstOrThrow();
      await publishChannel(queries, row, 'channel.changed');
      return channelOf(row);
    }, options);
  }
}

/** Stores a change of a channel, or of one of its members, in the outbox. */
export async function publishChannel(
  queries: Queries,
  { tenant, id }: ChannelKey,
  kind: ChatChangeKind,
  userId?: string,
): Promise<void> {
  await storeInOutbox(queries, [{ tenant, kind, channelId: id, ...(userId !== undefined && { userId }) }]);
}
