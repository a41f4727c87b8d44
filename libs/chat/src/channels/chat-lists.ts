import { sql, type ExpressionBuilder } from 'kysely';
import type { Queries } from '../database/chat-database.js';
import type { ChatTables } from '../database/chat-tables.js';
import { MAX_UNREAD, type ChatLimits } from '../limits/chat-limits.js';
import { checkPageSize } from '../limits/checks.js';
import { cursorOf, keyOfCursor } from '../limits/cursor.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatRole } from '../policy/chat-policy.js';
import { profilesOf, type ChatProfile, type ChatUsers } from '../users/chat-users.js';
import type { ChannelGate } from './channel-gate.js';
import type { ChannelTypes } from './channel-type.js';
import {
  channelOf,
  membershipOf,
  type ChannelRow,
  type ChatChannel,
  type ChatMember,
  type ChatMembership,
  type MemberRow,
} from './chat-channel.js';

const DEFAULT_PAGE = 30;

/** The wanted part of a list. */
export interface ListRequest {
  /** The cursor of the page before; without it, the first page. */
  readonly cursor?: string;
  /** @default 30 */
  readonly limit?: number;
}

/** The last message of a channel, for a list. */
export interface LastMessage {
  readonly seq: number;
  readonly kind: 'user' | 'system';
  readonly author: ChatProfile | null;
  readonly text: string;
  readonly createdAt: number;
}

/** A channel in the list of a user. */
export interface ChannelEntry {
  readonly channel: ChatChannel;
  readonly membership: ChatMembership;
  readonly lastMessage: LastMessage | null;
  /** The messages by others after the read pointer, outside of threads; up to 1,000. */
  readonly unreadCount: number;
  /** The messages after the read pointer that mention the user; up to 1,000. */
  readonly mentionCount: number;
}

/** A page of a list. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** The cursor of the next page; null at the end. */
  readonly next: string | null;
}

/** Reads lists of channels and members. */
export class ChatLists {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly settings: {
      readonly types: ChannelTypes;
      readonly users: ChatUsers;
      readonly limits: Required<ChatLimits>;
    },
  ) {}

  /**
   * Reads the channels of the actor, the last active first. Archived and hidden ones are left out.
   *
   * @throws {ChatError} CHAT_INVALID for the cursor or the limit
   */
  async mine(actor: ChatActor, request: ListRequest = {}): Promise<ListPage<ChannelEntry>> {
    const userId = userIdOf(actor);
    const limit = this.limitOf(request);
    const rows = await this.work.read((queries) =>
      channelsOf(queries, { tenant: actor.tenant, userId, cursor: request.cursor, limit: limit + 1 }),
    );
    const profiles = await profilesOf(
      this.settings.users,
      actor.tenant,
      rows.map((row) => row.last_author),
    );
    const entries = rows.slice(0, limit).map((row) => ({
      channel: channelOf(row),
      membership: membershipOf(row),
      lastMessage: lastMessageOf(row, profiles),
      unreadCount: row.unread_count ?? 0,
      mentionCount: row.mention_count ?? 0,
    }));
    return { entries, next: rows.length > limit ? nextOf(entries.at(-1)!.channel) : null };
  }

  /**
   * Reads the open channels of a type, the last active first.
   *
   * @throws {ChatError} CHAT_INVALID for the type, the cursor or the limit; CHAT_FORBIDDEN by the policy
   */
  async open(
    actor: ChatActor,
    request: ListRequest & { readonly type?: string } = {},
  ): Promise<ListPage<ChatChannel>> {
    const { cursor } = request;
    const type = this.settings.types.get(request.type ?? 'public');
    const limit = this.limitOf(request);
    const isOpen = type.access === 'open';
    await this.gate.demandOf({ ...actor, role: 'none' }, 'channel.read', { channelType: type.name, isOpen });
    const rows = await this.work.read((queries) => {
      const all = queries
        .selectFrom('channels as c')
        .selectAll()
        .where('c.tenant', '=', actor.tenant)
        .where('c.type', '=', type.name)
        .where('c.archived_at', 'is', null);
      const after = cursor === undefined ? all : all.where(isAfter(keyOfCursor(cursor, 'number', 'string')));
      return after
        .orderBy('c.active_at', 'desc')
        .orderBy('c.id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    const entries = rows.slice(0, limit).map(channelOf);
    return { entries, next: rows.length > limit ? nextOf(entries.at(-1)!) : null };
  }

  /**
   * Reads the members of a channel, in the order of their ids.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async members(
    actor: ChatActor,
    channelId: string,
    request: ListRequest = {},
  ): Promise<ListPage<ChatMember>> {
    const { cursor } = request;
    const limit = this.limitOf(request);
    const rows = await this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'channel.read');
      const all = queries
        .selectFrom('members as m')
        .select(['m.user_id', 'm.role', 'm.state'])
        .where('m.tenant', '=', actor.tenant)
        .where('m.channel_id', '=', channelId);
      const after =
        cursor === undefined ? all : all.where('m.user_id', '>', keyOfCursor(cursor, 'string')[0]);
      return after
        .orderBy('m.user_id')
        .limit(limit + 1)
        .execute();
    });
    const shown = rows.slice(0, limit);
    const profiles = await profilesOf(
      this.settings.users,
      actor.tenant,
      shown.map(({ user_id }) => user_id),
    );
    const entries = shown.map(({ user_id: id, role, state }) => ({
      user: profiles.get(id) ?? { id, name: id },
      role: role as ChatRole,
      state: state as ChatMember['state'],
    }));
    return { entries, next: rows.length > limit ? cursorOf([shown.at(-1)!.user_id]) : null };
  }

  private limitOf({ limit = DEFAULT_PAGE }: ListRequest): number {
    return checkPageSize(limit, this.settings.limits.maxPageSize);
  }
}

type ListedRow = ChannelRow &
  MemberRow & {
    last_message_seq: number | null;
    last_kind: string | null;
    last_author: string | null;
    last_text: string | null;
    last_created_at: number | null;
    unread_count: number | null;
    mention_count: number | null;
  };

/** Chooses the channels first, and counts only in those of the page. */
async function channelsOf(
  queries: Queries,
  wanted: {
    readonly tenant: string;
    readonly userId: string;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<ListedRow[]> {
  const { tenant, userId, cursor, limit } = wanted;
  const all = queries
    .selectFrom('members as m')
    .innerJoin('channels as c', (join) =>
      join.onRef('c.tenant', '=', 'm.tenant').onRef('c.id', '=', 'm.channel_id'),
    )
    .selectAll('c')
    .select([
      'm.channel_id',
      'm.user_id',
      'm.role',
      'm.state',
      'm.joined_at',
      'm.read_seq',
      'm.muted_until',
      'm.hidden_at',
    ])
    .where('m.tenant', '=', tenant)
    .where('m.user_id', '=', userId)
    .where('c.archived_at', 'is', null)
    .where((eb) => eb.or([eb('m.hidden_at', 'is', null), eb('m.hidden_at', '<', eb.ref('c.active_at'))]));
  const after = cursor === undefined ? all : all.where(isAfter(keyOfCursor(cursor, 'number', 'string')));
  const page = after.orderBy('c.active_at', 'desc').orderBy('c.id', 'desc').limit(limit);
  const rows = await queries
    .with('page', () => page)
    .selectFrom('page as p')
    .leftJoin('messages as x', (join) =>
      join
        .onRef('x.tenant', '=', 'p.tenant')
        .onRef('x.channel_id', '=', 'p.id')
        .on((eb) =>
          eb(
            'x.seq',
            '=',
            eb
              .selectFrom('messages as l')
              .select('l.seq')
              .whereRef('l.tenant', '=', 'p.tenant')
              .whereRef('l.channel_id', '=', 'p.id')
              .where('l.thread_seq', 'is', null)
              .where('l.deleted_at', 'is', null)
              .orderBy('l.seq', 'desc')
              .limit(1),
          ),
        ),
    )
    .selectAll('p')
    .select([
      'x.seq as last_message_seq',
      'x.kind as last_kind',
      'x.author_id as last_author',
      'x.text as last_text',
      'x.created_at as last_created_at',
    ])
    .select((eb) => [
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('messages as u')
            .select('u.seq')
            .whereRef('u.tenant', '=', 'p.tenant')
            .whereRef('u.channel_id', '=', 'p.id')
            .whereRef('u.seq', '>', 'p.read_seq')
            .where('u.thread_seq', 'is', null)
            .where('u.deleted_at', 'is', null)
            .where('u.kind', '=', sql.lit('user'))
            .where('u.author_id', '!=', userId)
            .limit(MAX_UNREAD)
            .as('unread'),
        )
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('unread_count'),
      eb
        .selectFrom((inner) =>
          inner
            .selectFrom('mentions as n')
            .select('n.seq')
            .whereRef('n.tenant', '=', 'p.tenant')
            .where('n.user_id', '=', userId)
            .whereRef('n.channel_id', '=', 'p.id')
            .whereRef('n.seq', '>', 'p.read_seq')
            .limit(MAX_UNREAD)
            .as('mentioned'),
        )
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('mention_count'),
    ])
    .orderBy('p.active_at', 'desc')
    .orderBy('p.id', 'desc')
    .execute();
  return rows as ListedRow[];
}

function isAfter([activeAt, id]: readonly [number, string]) {
  return (eb: ExpressionBuilder<ChatTables & { c: ChatTables['channels'] }, 'c'>) =>
    sql<boolean>`(${eb.ref('c.active_at')}, ${eb.ref('c.id')}) < (${activeAt}, ${id})`;
}

function nextOf({ activeAt, id }: ChatChannel): string {
  return cursorOf([activeAt, id]);
}

function lastMessageOf(row: ListedRow, profiles: ReadonlyMap<string, ChatProfile>): LastMessage | null {
  if (row.last_message_seq === null) return null;
  const { last_author: id } = row;
  return {
    seq: row.last_message_seq,
    kind: row.last_kind as LastMessage['kind'],
    author: id === null ? null : (profiles.get(id) ?? { id, name: id }),
    text: row.last_text ?? '',
    createdAt: row.last_created_at ?? 0,
  };
}
