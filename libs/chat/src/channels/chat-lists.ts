import { sql, type ExpressionBuilder } from 'kysely';
import type { ChatTables } from '../database/chat-tables.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkPageSize } from '../limits/checks.js';
import { cursorOf, keyOfCursor } from '../limits/cursor.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import type { ChannelEntry } from './channel-entry.js';
import type { ChannelGate } from './channel-gate.js';
import { selectMembers } from './channel-rows.js';
import type { ChannelTypes } from './channel-type.js';
import { channelOf, isSmall, memberFor, type ChatChannel, type ChatMember } from './chat-channel.js';
import { entryOf, ownChannels, readEntries, readOthers, type EntryRow } from './entry-query.js';
import { ownPage, type OwnListRequest } from './own-page.js';
import { DEFAULT_LIST_PAGE, type ListPage, type ListRequest } from './list-page.js';

/** Reads lists of channels and members. */
export class ChatLists {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly settings: {
      readonly types: ChannelTypes;
      readonly profiles: ChatProfiles;
      readonly limits: Required<ChatLimits>;
    },
  ) {}

  /**
   * Reads the channels of the actor, the last active first.
   *
   * @throws {ChatError} CHAT_INVALID for the cursor or the limit
   */
  async mine(actor: ChatActor, request: OwnListRequest = {}): Promise<ListPage<ChannelEntry>> {
    const userId = userIdOf(actor);
    const limit = this.limitOf(request);
    const rows = await this.work.read((queries) =>
      readEntries(
        queries,
        userId,
        ownPage(queries, { ...request, tenant: actor.tenant, userId, limit: limit + 1 }),
      ),
    );
    const entries = await this.entriesOf(actor, rows.slice(0, limit));
    return { entries, next: rows.length > limit ? nextOf(entries.at(-1)!.channel) : null };
  }

  /**
   * Reads the entry of one channel of the actor, also of a hidden or archived one.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member
   */
  async entry(actor: ChatActor, channelId: string): Promise<ChannelEntry> {
    const userId = userIdOf(actor);
    const rows = await this.work.read((queries) =>
      readEntries(
        queries,
        userId,
        ownChannels(queries, { tenant: actor.tenant, userId }).where('m.channel_id', '=', channelId),
      ),
    );
    const [entry] = await this.entriesOf(actor, rows);
    if (entry) return entry;
    throw new ChatError(ChatErrorCode.NotFound, 'The user has no such channel.');
  }

  /**
   * Reads the ids of the channels of the actor that the actor may read, the last active first.
   *
   * Hidden and archived channels are left out.
   */
  async ids(actor: ChatActor, limit: number): Promise<readonly string[]> {
    const { tenant } = actor;
    const userId = userIdOf(actor);
    const rows = await this.work.read((queries) => ownPage(queries, { tenant, userId, limit }).execute());
    const mayRead = await Promise.all(rows.map((row) => this.gate.mayRead(actor, row)));
    return rows.filter((_row, at) => mayRead[at]).map(({ id }) => id);
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
    const { tenant } = actor;
    const limit = this.limitOf(request);
    const { rows, memberCount } = await this.work.read(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'channel.read');
      const all = selectMembers(queries, { tenant, id: channelId });
      const after =
        cursor === undefined ? all : all.where('m.user_id', '>', keyOfCursor(cursor, 'string')[0]);
      const page = after.orderBy('m.user_id').limit(limit + 1);
      return { rows: await page.execute(), memberCount: open.channel.member_count };
    });
    const shown = rows.slice(0, limit);
    const profiles = await this.settings.profiles.of(
      tenant,
      shown.map(({ user_id }) => user_id),
    );
    const entries = shown.map((row) => memberFor(row, profiles.get(row.user_id), memberCount));
    return { entries, next: rows.length > limit ? cursorOf([shown.at(-1)!.user_id]) : null };
  }

  /** A user sees the channels of invitations, but not their messages. */
  private async entriesOf(actor: ChatActor, rows: readonly EntryRow[]): Promise<ChannelEntry[]> {
    const { tenant } = actor;
    const channelIds = rows.filter((row) => this.namesOthers(row)).map(({ id }) => id);
    const others = await this.work.read((queries) =>
      readOthers(queries, { tenant, userId: userIdOf(actor), channelIds }),
    );
    const shown = [...rows.map((row) => row.last_author), ...[...others.values()].flat()];
    const profiles = await this.settings.profiles.of(tenant, shown);
    return Promise.all(
      rows.map(async (row) => {
        const isReadable = await this.gate.mayRead(actor, row);
        return entryOf(row, { profiles, isReadable, otherIds: others.get(row.id) ?? [] });
      }),
    );
  }

  private namesOthers({ type, member_count }: EntryRow): boolean {
    return isSmall(member_count) && this.settings.types.get(type).access === 'fixed';
  }

  private limitOf({ limit = DEFAULT_LIST_PAGE }: ListRequest): number {
    return checkPageSize(limit, this.settings.limits.maxPageSize);
  }
}

function isAfter([activeAt, id]: readonly [number, string]) {
  return (eb: ExpressionBuilder<ChatTables & { c: ChatTables['channels'] }, 'c'>) =>
    sql<boolean>`(${eb.ref('c.active_at')}, ${eb.ref('c.id')}) < (${activeAt}, ${id})`;
}

function nextOf({ activeAt, id }: ChatChannel): string {
  return cursorOf([activeAt, id]);
}
