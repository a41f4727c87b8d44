import { sql } from 'kysely';
import type { ChatDatabase } from '../database/chat-database.js';
import type { ChannelRow } from './chat-channel.js';
import { selectMembers, updateChannel } from './channel-rows.js';

/** The rows that one transaction changes, so that others can work in between. */
const SLICE = 500;
/** The channels that one pass copies. */
const CHANNELS = 100;
/** The delay of the copies for each member, so that large channels are copied rarely. */
const MS_PER_MEMBER = 3;

type LaggingChannel = Pick<ChannelRow, 'tenant' | 'id' | 'active_at'>;

/**
 * Copies the activity of channels to their members.
 *
 * An index on these copies has the order of lists.
 *
 * A post changes the row of its channel alone, also with 10,000 members. Until the copies follow, lists read the
 * channel itself, so their order is right at any time.
 */
export class ListOrder {
  constructor(private readonly database: ChatDatabase) {}

  /** Copies what is due, in short transactions. It can stop at any point and continues the next time. */
  async copy(signal: AbortSignal): Promise<void> {
    for (const channel of await this.due(Date.now())) {
      if (signal.aborted) return;
      await this.copyChannel(channel);
    }
  }

  private due(nowMs: number): Promise<LaggingChannel[]> {
    return this.database.read((queries) =>
      queries
        .selectFrom('channels as c')
        .select(['c.tenant', 'c.id', 'c.active_at'])
        .where('c.lagging_at', 'is not', null)
        .where(sql<boolean>`c.lagging_at + c.member_count * ${sql.lit(MS_PER_MEMBER)} <= ${nowMs}`)
        .limit(CHANNELS)
        .execute(),
    );
  }

  private async copyChannel(channel: LaggingChannel): Promise<void> {
    const { tenant, id, active_at } = channel;
    for (let after = ''; ;) {
      const users = await this.database.read((queries) =>
        selectMembers(queries, channel)
          .clearSelect()
          .select('m.user_id')
          .where('m.user_id', '>', after)
          .orderBy('m.user_id')
          .limit(SLICE)
          .execute(),
      );
      const last = users.at(-1)?.user_id;
      if (last === undefined) break;
      await this.database.transaction((queries) =>
        queries
          .updateTable('members')
          .set({ active_at })
          .where('tenant', '=', tenant)
          .where('channel_id', '=', id)
          .where('user_id', '>', after)
          .where('user_id', '<=', last)
          .where('active_at', '!=', active_at)
          .execute(),
      );
      after = last;
    }
    await this.database.transaction((queries) =>
      updateChannel(queries, channel).set({ lagging_at: null }).where('active_at', '=', active_at).execute(),
    );
  }
}
