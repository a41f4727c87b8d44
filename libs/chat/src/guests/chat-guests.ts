import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { inBatches } from '../outbox/in-batches.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import type { ChatProfile } from '../users/chat-users.js';
import { guestName } from './guest-name.js';

/** The least time between two names of a guest, in milliseconds. */
const RENAME_MS = 10_000;
/** The channels, the last active first, whose readers learn a new name at once. */
const TOLD_CHANNELS = 20;
/** The time after which the name of a guest is removed who is in no channel and wrote nothing, in milliseconds. */
const UNUSED_MS = 86_400_000;

/** Takes the names that guests give. */
export class ChatGuests {
  constructor(
    private readonly work: ChatWork,
    private readonly profiles: ChatProfiles,
    private readonly rate: ChangeRate,
  ) {}

  /**
   * Gives a guest a name, in place of the former one. Returns the profile that others see.
   *
   * The name has 1 to 40 UTF-16 units: letters of all scripts, digits, punctuation and emoji. The same name again
   * changes nothing.
   *
   * @throws {ChatError} CHAT_INVALID when the actor is no guest, or the name has a character that nobody sees
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED for a longer name; CHAT_RATE_LIMITED for another name within 10 s
   */
  async introduce(actor: ChatActor, name: string, options?: ChatChangeOptions): Promise<ChatProfile> {
    if (actor.kind !== 'guest') throw invalid('Only guests give a name; ChatUsers supplies those of users');
    const place = { tenant: actor.tenant, user_id: userIdOf(actor) };
    const checked = guestName(name);
    await this.rate.spend(actor);
    await this.work.change(async (queries) => {
      if (await store(queries, { ...place, name: checked })) await tell(queries, place);
    }, options);
    return this.profiles.one(place.tenant, place.user_id);
  }

  /**
   * Removes the names of guests who are in no channel and wrote nothing, a day after they gave them.
   *
   * Returns their number. The relay calls it every hour.
   */
  removeUnused(nowMs: number = Date.now()): Promise<number> {
    const before = nowMs - UNUSED_MS;
    return inBatches(this.work, (queries, limit) => removeBatch(queries, { before, limit }));
  }
}

type NameRow = { readonly tenant: string; readonly user_id: string; readonly name: string };

/** Returns false when the guest has this name already. */
async function store(queries: Queries, row: NameRow): Promise<boolean> {
  const known = await queries
    .selectFrom('guest_names as g')
    .select(['g.name', 'g.named_at'])
    .where('g.tenant', '=', row.tenant)
    .where('g.user_id', '=', row.user_id)
    .executeTakeFirst();
  if (known?.name === row.name) return false;
  const now = Date.now();
  const stored = await queries
    .insertInto('guest_names')
    .values({ ...row, named_at: now })
    .onConflict((c) =>
      c
        .columns(['tenant', 'user_id'])
        .doUpdateSet({ name: row.name, named_at: now })
        .where('guest_names.named_at', '<=', now - RENAME_MS),
    )
    .returning('user_id')
    .executeTakeFirst();
  if (stored) return true;
  // Two requests at once leave no time of the first one.
  const retryAfterMs = Math.max(1, (known?.named_at ?? now) + RENAME_MS - now);
  throw new ChatError(
    ChatErrorCode.RateLimited,
    `A guest gives another name after ${RENAME_MS} ms. Try again in ${retryAfterMs} ms.`,
    { retryAfterMs },
  );
}

/** Readers of the channels of a guest get the member with the new name. */
async function tell(
  queries: Queries,
  { tenant, user_id: userId }: Pick<NameRow, 'tenant' | 'user_id'>,
): Promise<void> {
  const rows = await queries
    .selectFrom('members as m')
    .select('m.channel_id')
    .where('m.tenant', '=', tenant)
    .where('m.user_id', '=', userId)
    .orderBy('m.active_at', 'desc')
    .limit(TOLD_CHANNELS)
    .execute();
  await storeInOutbox(
    queries,
    rows.map(({ channel_id: channelId }) => ({ tenant, kind: 'member.changed', channelId, userId })),
  );
}

async function removeBatch(
  queries: Queries,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<number> {
  const rows = await queries
    .selectFrom('guest_names as g')
    .select(['g.tenant', 'g.user_id'])
    .where('g.named_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('members as m')
            .select('m.user_id')
            .whereRef('m.tenant', '=', 'g.tenant')
            .whereRef('m.user_id', '=', 'g.user_id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('messages as w')
            .select('w.seq')
            .whereRef('w.tenant', '=', 'g.tenant')
            .whereRef('w.author_id', '=', 'g.user_id'),
        ),
      ),
    )
    .limit(limit)
    .execute();
  for (const { tenant, user_id } of rows)
    await queries
      .deleteFrom('guest_names')
      .where('tenant', '=', tenant)
      .where('user_id', '=', user_id)
      .execute();
  return rows.length;
}
