import type { Queries } from '../database/chat-database.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { checkLine, exceeded } from '../limits/checks.js';
import type { ChatChangeOptions } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage } from './chat-message.js';
import type { MessageChanger, MessagePlace } from './message-change.js';
import { deletePart, type MessageKey } from './message-rows.js';

const MAX_EMOJI_LENGTH = 64;

/** Adds and removes reactions. */
export class MessageReactions {
  constructor(
    private readonly changer: MessageChanger,
    private readonly rate: ChangeRate,
    private readonly maxEmojis: number,
  ) {}

  /** Adds a reaction of the actor; the same one is stored once. */
  async add(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    const user_id = userIdOf(actor);
    checkLine('An emoji', emoji, MAX_EMOJI_LENGTH);
    return this.change(
      actor,
      place,
      async (queries, { tenant, channel_id, seq }) => {
        const emojis = await emojisOf(queries, { tenant, channel_id, seq });
        if (!emojis.includes(emoji) && emojis.length >= this.maxEmojis)
          throw exceeded(`A message has at most ${this.maxEmojis} different emojis`);
        const added = await queries
          .insertInto('reactions')
          .values({ tenant, channel_id, seq, emoji, user_id, created_at: Date.now() })
          .onConflict((c) => c.doNothing())
          .returning('emoji')
          .execute();
        return added.length > 0;
      },
      options,
    );
  }

  /** Removes a reaction of the actor; none remains none. */
  async remove(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    const userId = userIdOf(actor);
    return this.change(
      actor,
      place,
      async (queries, row) => {
        const removed = await deletePart(queries, 'reactions', row)
          .where('emoji', '=', emoji)
          .where('user_id', '=', userId)
          .returning('emoji')
          .execute();
        return removed.length > 0;
      },
      options,
    );
  }

  private async change(
    actor: ChatActor,
    place: MessagePlace,
    work: (queries: Queries, row: MessageKey) => Promise<boolean>,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    await this.rate.spend(actor);
    return this.changer.run(
      { actor, place, action: 'message.react', kind: 'message.reacted' },
      async (queries, row) => ((await work(queries, row)) ? {} : undefined),
      options,
    );
  }
}

async function emojisOf(queries: Queries, { tenant, channel_id, seq }: MessageKey): Promise<string[]> {
  const rows = await queries
    .selectFrom('reactions as r')
    .select('r.emoji')
    .distinct()
    .where('r.tenant', '=', tenant)
    .where('r.channel_id', '=', channel_id)
    .where('r.seq', '=', seq)
    .execute();
  return rows.map(({ emoji }) => emoji);
}
