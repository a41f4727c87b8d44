import type { Queries } from '../database/chat-database.js';
import { exceeded } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';

const MAX_BLOCKS = 1_000;

/** Keeps users away from others who do not want them. */
export class UserBlocks {
  constructor(private readonly work: ChatWork) {}

  /** Blocks a user, once. */
  async add(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
    const row = {
      tenant: actor.tenant,
      user_id: userIdOf(actor),
      blocked_id: checkUserId(blockedId),
      created_at: Date.now(),
    };
    await this.work.change(async (queries) => {
      if ((await blocksOf(queries, actor)).length >= MAX_BLOCKS)
        throw exceeded(`A user blocks at most ${MAX_BLOCKS} others`);
      await queries
        .insertInto('blocks')
        .values(row)
        .onConflict((c) => c.doNothing())
        .execute();
    }, options);
  }

  /** Ends a block; none remains none. */
  async remove(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
    const userId = userIdOf(actor);
    await this.work.change(
      (queries) =>
        queries
          .deleteFrom('blocks')
          .where('tenant', '=', actor.tenant)
          .where('user_id', '=', userId)
          .where('blocked_id', '=', blockedId)
          .execute(),
      options,
    );
  }

  /** Returns the ids of the blocked users, sorted. */
  list(actor: ChatActor): Promise<readonly string[]> {
    return this.work.read((queries) => blocksOf(queries, actor));
  }
}

async function blocksOf(queries: Queries, actor: ChatActor): Promise<string[]> {
  const rows = await queries
    .selectFrom('blocks as b')
    .select('b.blocked_id')
    .where('b.tenant', '=', actor.tenant)
    .where('b.user_id', '=', userIdOf(actor))
    .orderBy('b.blocked_id')
    .limit(MAX_BLOCKS)
    .execute();
  return rows.map(({ blocked_id }) => blocked_id);
}
