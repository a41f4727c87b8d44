import type { ChannelGate } from '../channels/channel-gate.js';
import type { ChannelTypes } from '../channels/channel-type.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { checkSeq, checkText } from '../limits/checks.js';
import type { MessagePlace } from '../messages/chat-messages.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type OutboxEntry } from '../outbox/outbox.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';

/** The rows that one transaction of an erasure or a retention changes, so that others can work in between. */
const BATCH = 200;
const MAX_REASON = 1_000;
const MAX_BLOCKS = 1_000;

/** A report of a message to the moderators. */
export interface ChatReport {
  readonly channelId: string;
  readonly seq: number;
  readonly reporterId: string;
  readonly reason: string;
  readonly createdAt: number;
}

/** One record of a user's data. */
export interface ExportedRecord {
  readonly kind: 'message' | 'version' | 'membership' | 'reaction' | 'report' | 'block';
  /** The columns of the record. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** Blocks users, reports messages, and exports, erases and expires data. */
export class ChatPrivacy {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly types: ChannelTypes,
  ) {}

  /**
   * Keeps a user from posting to direct channels with the actor.
   *
   * @throws {ChatError} CHAT_INVALID for the id; CHAT_LIMIT_EXCEEDED after 1,000 blocked users
   */
  async block(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
    const row = {
      tenant: actor.tenant,
      user_id: userIdOf(actor),
      blocked_id: checkUserId(blockedId),
      created_at: Date.now(),
    };
    await this.work.change(async (queries) => {
      if ((await blocksOf(queries, actor)).length >= MAX_BLOCKS)
        throw new ChatError(ChatErrorCode.LimitExceeded, `A user blocks at most ${MAX_BLOCKS} others.`);
      await queries
        .insertInto('blocks')
        .values(row)
        .onConflict((c) => c.doNothing())
        .execute();
    }, options);
  }

  /** Ends a block; none remains none. @throws {ChatError} CHAT_INVALID for the server without a user */
  async unblock(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
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

  /** Returns the ids of the users that the actor blocks, sorted. */
  async blocked(actor: ChatActor): Promise<readonly string[]> {
    return this.work.read((queries) => blocksOf(queries, actor));
  }

  /**
   * Reports a message to the moderators. A second report of the same user replaces the reason.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async report(
    actor: ChatActor,
    place: MessagePlace & { readonly reason: string },
    options?: ChatChangeOptions,
  ): Promise<void> {
    const { channelId, seq } = place;
    const reporter_id = userIdOf(actor);
    const reason = checkText('The reason of a report', place.reason, MAX_REASON);
    await this.work.change(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'message.report');
      const found = await queries
        .selectFrom('messages as m')
        .select('m.seq')
        .where('m.tenant', '=', actor.tenant)
        .where('m.channel_id', '=', channelId)
        .where('m.seq', '=', checkSeq('seq', seq))
        .executeTakeFirst();
      if (!found) throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}.`);
      await queries
        .insertInto('reports')
        .values({
          tenant: actor.tenant,
          channel_id: channelId,
          seq,
          reporter_id,
          reason,
          created_at: Date.now(),
        })
        .onConflict((c) =>
          c
            .columns(['tenant', 'channel_id', 'seq', 'reporter_id'])
            .doUpdateSet({ reason, resolved_at: null, resolved_by: null }),
        )
        .execute();
      await storeInOutbox(queries, [
        { tenant: actor.tenant, kind: 'message.reported', channelId, seq, userId: reporter_id },
      ]);
    }, options);
  }

  /**
   * Reads the open reports of a channel, the oldest first; at most 100.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  async reports(actor: ChatActor, channelId: string): Promise<readonly ChatReport[]> {
    return this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      const rows = await queries
        .selectFrom('reports as r')
        .selectAll()
        .where('r.tenant', '=', actor.tenant)
        .where('r.channel_id', '=', channelId)
        .where('r.resolved_at', 'is', null)
        .orderBy('r.created_at')
        .limit(100)
        .execute();
      return rows.map((row) => ({
        channelId: row.channel_id,
        seq: row.seq,
        reporterId: row.reporter_id,
        reason: row.reason,
        createdAt: row.created_at,
      }));
    });
  }

  /** Closes all reports of a message. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN */
  async resolve(
    actor: ChatActor,
    { channelId, seq }: MessagePlace,
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.work.change(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      await queries
        .updateTable('reports')
        .set({ resolved_at: Date.now(), resolved_by: actor.userId })
        .where('tenant', '=', actor.tenant)
        .where('channel_id', '=', channelId)
        .where('seq', '=', seq)
        .where('resolved_at', 'is', null)
        .execute();
    }, options);
  }

  /**
   * Yields all data of a user, record by record; reads a page at a time.
   *
   * @throws {ChatError} CHAT_FORBIDDEN by the policy, which permits it to the user and the server
   */
  async *export(actor: ChatActor, userId: string): AsyncGenerator<ExportedRecord> {
    await this.gate.demandOf({ ...actor, role: 'none' }, 'user.export', { targetId: userId });
    for (const { kind, table, column, order } of PERSONAL)
      for (let offset = 0; ; offset += BATCH) {
        const rows = await this.work.read((queries) => {
          const all = queries
            .selectFrom(`${table} as t` as 'messages as t')
            .selectAll()
            .where('t.tenant', '=', actor.tenant)
            .where(`t.${column}` as 't.author_id', '=', userId);
          return order
            .reduce((sorted, by) => sorted.orderBy(`t.${by}` as 't.seq'), all)
            .limit(BATCH)
            .offset(offset)
            .execute();
        });
        for (const record of rows) yield { kind, record };
        if (rows.length < BATCH) break;
      }
  }

  /**
   * Erases a user: content of the messages and all traces in other tables. The numbers of messages remain.
   *
   * It runs in many short transactions and can be repeated after a failure. Returns the number of erased messages.
   *
   * @throws {ChatError} CHAT_FORBIDDEN by the policy, which permits it to the user and the server
   */
  async erase(actor: ChatActor, userId: string): Promise<number> {
    await this.gate.demandOf({ ...actor, role: 'none' }, 'user.erase', { targetId: userId });
    const { tenant } = actor;
    let erased = 0;
    for (let isDone = false; !isDone;) {
      const count = await this.work.change((queries) => eraseMessages(queries, { tenant, userId }));
      erased += count;
      isDone = count === 0;
    }
    for (let isDone = false; !isDone;)
      isDone = await this.work.change((queries) => eraseReactions(queries, { tenant, userId }));
    for (let isDone = false; !isDone;)
      isDone = await this.work.change((queries) => eraseMemberships(queries, { tenant, userId }));
    await this.work.change((queries) => eraseRest(queries, { tenant, userId }));
    return erased;
  }

  /**
   * Removes messages that are older than `keepMs` of the type of their channel. Returns their number.
   *
   * The relay calls it every hour. It runs in many short transactions.
   */
  async expire(nowMs: number = Date.now()): Promise<number> {
    let removed = 0;
    for (const { name, keepMs } of this.types.all()) {
      if (keepMs === undefined) continue;
      for (let count = BATCH; count === BATCH; removed += count)
        count = await this.work.change((queries) =>
          expireMessages(queries, { type: name, before: nowMs - keepMs }),
        );
    }
    return removed;
  }
}

/** The tables with data of a user, with the column of the user and an order of the rows. */
const PERSONAL = [
  { kind: 'message', table: 'messages', column: 'author_id', order: ['channel_id', 'seq'] },
  { kind: 'version', table: 'versions', column: 'replaced_by', order: ['channel_id', 'seq', 'version'] },
  { kind: 'membership', table: 'members', column: 'user_id', order: ['channel_id'] },
  { kind: 'reaction', table: 'reactions', column: 'user_id', order: ['channel_id', 'seq', 'emoji'] },
  { kind: 'report', table: 'reports', column: 'reporter_id', order: ['channel_id', 'seq'] },
  { kind: 'block', table: 'blocks', column: 'user_id', order: ['blocked_id'] },
] as const;

interface Whose {
  readonly tenant: string;
  readonly userId: string;
}

/** Locks the channels in one order, so that two erasures do not wait for each other in a circle. */
async function eraseMessages(queries: Queries, { tenant, userId }: Whose): Promise<number> {
  const rows = await queries
    .selectFrom('messages as m')
    .select(['m.channel_id', 'm.seq', 'm.deleted_at'])
    .where('m.tenant', '=', tenant)
    .where('m.author_id', '=', userId)
    .orderBy('m.channel_id')
    .orderBy('m.seq')
    .limit(BATCH)
    .execute();
  const entries: OutboxEntry[] = [];
  for (const { channel_id: channelId, seq, deleted_at } of rows) {
    const revision = await nextRevision(queries, tenant, channelId);
    for (const table of ['reactions', 'mentions', 'versions', 'reports'] as const)
      await queries
        .deleteFrom(table as 'reactions')
        .where('tenant', '=', tenant)
        .where('channel_id', '=', channelId)
        .where('seq', '=', seq)
        .execute();
    await queries
      .updateTable('messages')
      .set({
        revision,
        author_id: null,
        client_id: null,
        text: null,
        data: null,
        pinned_at: null,
        pinned_by: null,
        deleted_at: deleted_at ?? Date.now(),
        deleted_by: null,
      })
      .where('tenant', '=', tenant)
      .where('channel_id', '=', channelId)
      .where('seq', '=', seq)
      .execute();
    entries.push({ tenant, kind: 'message.deleted', channelId, seq });
  }
  await storeInOutbox(queries, entries);
  return rows.length;
}

/** Returns true when nothing is left. */
async function eraseReactions(queries: Queries, { tenant, userId }: Whose): Promise<boolean> {
  const rows = await queries
    .selectFrom('reactions as r')
    .select(['r.channel_id', 'r.seq'])
    .distinct()
    .where('r.tenant', '=', tenant)
    .where('r.user_id', '=', userId)
    .orderBy('r.channel_id')
    .orderBy('r.seq')
    .limit(BATCH)
    .execute();
  const entries: OutboxEntry[] = [];
  for (const { channel_id: channelId, seq } of rows) {
    const revision = await nextRevision(queries, tenant, channelId);
    await queries
      .deleteFrom('reactions')
      .where('tenant', '=', tenant)
      .where('channel_id', '=', channelId)
      .where('seq', '=', seq)
      .where('user_id', '=', userId)
      .execute();
    await queries
      .updateTable('messages')
      .set({ revision })
      .where('tenant', '=', tenant)
      .where('channel_id', '=', channelId)
      .where('seq', '=', seq)
      .execute();
    entries.push({ tenant, kind: 'message.reacted', channelId, seq });
  }
  await storeInOutbox(queries, entries);
  return rows.length < BATCH;
}

/** Returns true when nothing is left. */
async function eraseMemberships(queries: Queries, { tenant, userId }: Whose): Promise<boolean> {
  const rows = await queries
    .selectFrom('members as m')
    .select('m.channel_id')
    .where('m.tenant', '=', tenant)
    .where('m.user_id', '=', userId)
    .orderBy('m.channel_id')
    .limit(BATCH)
    .execute();
  for (const { channel_id: channelId } of rows) {
    await queries
      .updateTable('channels')
      .set((eb) => ({ member_count: eb('member_count', '-', 1) }))
      .where('tenant', '=', tenant)
      .where('id', '=', channelId)
      .execute();
    await queries
      .deleteFrom('members')
      .where('tenant', '=', tenant)
      .where('channel_id', '=', channelId)
      .where('user_id', '=', userId)
      .execute();
  }
  await storeInOutbox(
    queries,
    rows.map(({ channel_id: channelId }) => ({ tenant, kind: 'member.removed', channelId, userId })),
  );
  return rows.length < BATCH;
}

async function eraseRest(queries: Queries, { tenant, userId }: Whose): Promise<void> {
  const own = [
    ['mentions', 'user_id'],
    ['thread_readers', 'user_id'],
    ['reports', 'reporter_id'],
    ['blocks', 'user_id'],
    ['blocks', 'blocked_id'],
  ] as const;
  for (const [table, column] of own)
    await queries
      .deleteFrom(table as 'mentions')
      .where('tenant', '=', tenant)
      .where(column as 'user_id', '=', userId)
      .execute();
  const foreign = [
    ['channels', 'created_by'],
    ['messages', 'deleted_by'],
    ['messages', 'pinned_by'],
    ['versions', 'replaced_by'],
    ['reports', 'resolved_by'],
  ] as const;
  for (const [table, column] of foreign)
    await queries
      .updateTable(table as 'channels')
      .set({ [column]: null })
      .where('tenant', '=', tenant)
      .where(column as 'created_by', '=', userId)
      .execute();
}

/** Messages of all tenants expire; their channels have no other rows of them afterwards. */
async function expireMessages(
  queries: Queries,
  { type, before }: { readonly type: string; readonly before: number },
): Promise<number> {
  const rows = await queries
    .selectFrom('messages as m')
    .innerJoin('channels as c', (join) =>
      join.onRef('c.tenant', '=', 'm.tenant').onRef('c.id', '=', 'm.channel_id'),
    )
    .select(['m.tenant', 'm.channel_id', 'm.seq'])
    .where('c.type', '=', type)
    .where('m.created_at', '<', before)
    .orderBy('m.tenant')
    .orderBy('m.created_at')
    .limit(BATCH)
    .execute();
  for (const { tenant, channel_id, seq } of rows)
    for (const table of ['messages', 'reactions', 'mentions', 'versions', 'reports'] as const)
      await queries
        .deleteFrom(table as 'messages')
        .where('tenant', '=', tenant)
        .where('channel_id', '=', channel_id)
        .where('seq', '=', seq)
        .execute();
  const channels = new Map(
    rows.map(({ tenant, channel_id: channelId }) => [`${tenant}:${channelId}`, { tenant, channelId }]),
  );
  await storeInOutbox(
    queries,
    [...channels.values()].map((place) => ({ ...place, kind: 'channel.changed' })),
  );
  return rows.length;
}

async function nextRevision(queries: Queries, tenant: string, channelId: string): Promise<number> {
  const { revision } = await queries
    .updateTable('channels')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .where('tenant', '=', tenant)
    .where('id', '=', channelId)
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
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
