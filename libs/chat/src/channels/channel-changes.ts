import type { Queries } from '../database/chat-database.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type ChatChangeKind } from '../outbox/outbox.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkData, checkLine } from '../limits/checks.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatAction } from '../policy/chat-policy.js';
import type { ChannelGate } from './channel-gate.js';
import { updateChannel, type ChannelKey } from './channel-rows.js';
import { channelOf, type ChatChannel } from './chat-channel.js';

/** The properties of a channel that can change; those left out remain. */
export interface ChannelChanges {
  readonly name?: string | null;
  readonly data?: unknown;
  /** While a channel is frozen, only the server posts. */
  readonly isFrozen?: boolean;
  /** While a channel is archived, nothing of it changes. */
  readonly isArchived?: boolean;
}

/** The longest name of a channel, in UTF-16 units. */
const MAX_NAME = 200;

/** Changes the row of a channel in a transaction, and publishes it. */
export class ChannelChanger {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /** Changes what is given; each property needs the right of its own. */
  async change(
    actor: ChatActor,
    channelId: string,
    changes: ChannelChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatChannel> {
    const set = this.columnsOf(changes);
    return this.work.change(async (queries) => {
      const open = await this.gate.lock(
        queries,
        actor,
        channelId,
        changes.isArchived === false ? 'any' : 'active',
      );
      for (const action of actionsOf(changes)) await this.gate.demand(open, action);
      if (Object.keys(set).length === 0) return channelOf(open.channel);
      const row = await updateChannel(queries, open.channel)
        .set(set)
        .returningAll()
        .executeTakeFirstOrThrow();
      await publishChannel(queries, row, 'channel.changed');
      return channelOf(row);
    }, options);
  }

  private columnsOf({ name, data, isFrozen, isArchived }: ChannelChanges) {
    const now = Date.now();
    return {
      ...(name !== undefined && { name: name === null ? null : checkName(name) }),
      ...(data !== undefined && { data: checkData(data, this.limits.maxMessageDataBytes) }),
      ...(isFrozen !== undefined && { frozen_at: isFrozen ? now : null }),
      ...(isArchived !== undefined && { archived_at: isArchived ? now : null }),
    };
  }
}

/**
 * Returns a valid name of a channel.
 *
 * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED
 */
export function checkName(name: string): string {
  return checkLine('The name of a channel', name, MAX_NAME);
}

/** A change of nothing needs the right to update. */
function actionsOf({ name, data, isFrozen, isArchived }: ChannelChanges): ChatAction[] {
  const actions: ChatAction[] = [];
  if (isFrozen !== undefined) actions.push('channel.freeze');
  if (isArchived !== undefined) actions.push('channel.archive');
  if (name !== undefined || data !== undefined || actions.length === 0) actions.push('channel.update');
  return actions;
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
