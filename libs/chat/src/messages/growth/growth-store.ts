import { randomUUID } from 'node:crypto';
import { nextRevision } from '../../channels/channel-rows.js';
import type { ChatDatabase, Queries } from '../../database/chat-database.js';
import { sharedNow } from '../../database/clock.js';
import type { ChatWork } from '../../outbox/chat-work.js';
import type { GrowthState, MessageRow } from '../chat-message.js';
import { publishMessage } from '../message-change.js';
import { deletePart, updateMessage, type MessageKey } from '../message-rows.js';

const BATCH = 100;

/** The end of a growing message. */
export interface GrowthEnd {
  readonly state: Exclude<GrowthState, 'growing'>;
  /** The final content; what is left out remains as it is stored. */
  readonly content: Partial<Pick<MessageRow, 'text' | 'entities' | 'data'>>;
}

/**
 * Stores growing messages, each under a lease of the server that produces it.
 *
 * Each change locks the channel before the message, as all changes do.
 */
export class GrowthStore {
  private readonly holder = randomUUID();

  constructor(
    private readonly database: ChatDatabase,
    private readonly work: ChatWork,
    private readonly leaseMs: number,
  ) {}

  /** Adds the lease of a message, in the transaction that posts it. */
  async begin(queries: Queries, { tenant, channel_id, seq }: MessageKey): Promise<void> {
    const expires_at = (await this.now(queries)) + this.leaseMs;
    await queries
      .insertInto('growths')
      .values({ tenant, channel_id, seq, holder: this.holder, expires_at })
      .execute();
  }

  /**
   * Extends the lease, and stores the text if it has grown.
   *
   * Resolves to `stopped` when a user has asked for the stop, and to `lost` when the message no longer grows.
   */
  async store(key: MessageKey, text: string | undefined): Promise<'growing' | 'stopped' | 'lost'> {
    return this.database.transaction(async (queries) => {
      const isGrowing = text === undefined || (await changeGrowing(queries, key, { text }));
      const expires_at = (await this.now(queries)) + this.leaseMs;
      const lease = await updateLease(queries, key)
        .set({ expires_at })
        .where('holder', '=', this.holder)
        .returning('stop_at')
        .executeTakeFirst();
      if (!lease || !isGrowing) return 'lost';
      return lease.stop_at === null ? 'growing' : 'stopped';
    });
  }

  /** Stores and publishes the end; resolves to false when the message no longer grows. */
  async end(key: MessageKey, { state, content }: GrowthEnd): Promise<boolean> {
    return this.work.change(async (queries) => {
      const isEnded = await changeGrowing(queries, key, { ...content, growth: state });
      await deletePart(queries, 'growths', key).execute();
      if (isEnded) await publishMessage(queries, key, 'message.grown');
      return isEnded;
    });
  }

  /** Asks the server that produces a message to stop; it looks when it stores the text. */
  async askToStop(key: MessageKey): Promise<void> {
    await this.database.transaction((queries) =>
      updateLease(queries, key).set({ stop_at: Date.now() }).where('stop_at', 'is', null).execute(),
    );
  }

  /**
   * Ends the messages whose server has died.
   *
   * It leaves those that grow in this process, whose lease may have ended while the process was too busy to extend it.
   */
  async failExpired(isHere: (key: MessageKey) => boolean): Promise<void> {
    const expired = await this.database.read(async (queries) =>
      queries
        .selectFrom('growths as g')
        .select(['g.tenant', 'g.channel_id', 'g.seq'])
        .where('g.expires_at', '<', await this.now(queries))
        .orderBy('g.expires_at')
        .limit(BATCH)
        .execute(),
    );
    for (const key of expired.filter((one) => !isHere(one)))
      await this.work.change((queries) => this.fail(queries, key));
  }

  private async fail(queries: Queries, key: MessageKey): Promise<void> {
    const revision = await nextRevision(queries, { tenant: key.tenant, id: key.channel_id });
    const expired = await deletePart(queries, 'growths', key)
      .where('expires_at' as 'seq', '<', await this.now(queries))
      .returning('seq')
      .execute();
    if (expired.length > 0 && (await updateGrowing(queries, key, { growth: 'failed', revision })))
      await publishMessage(queries, key, 'message.grown');
  }

  private now(queries: Queries): Promise<number> {
    return sharedNow(queries, this.database.kind);
  }
}

function updateLease(queries: Queries, { tenant, channel_id, seq }: MessageKey) {
  return queries
    .updateTable('growths')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq);
}

async function changeGrowing(
  queries: Queries,
  key: MessageKey,
  changes: Partial<MessageRow>,
): Promise<boolean> {
  const revision = await nextRevision(queries, { tenant: key.tenant, id: key.channel_id });
  return updateGrowing(queries, key, { ...changes, revision });
}

/** Changes a message that still grows; resolves to false for one that has ended, or that is deleted. */
async function updateGrowing(
  queries: Queries,
  key: MessageKey,
  changes: Partial<MessageRow>,
): Promise<boolean> {
  const changed = await updateMessage(queries, key)
    .set(changes)
    .where('growth', '=', 'growing')
    .returning('seq')
    .execute();
  return changed.length > 0;
}
