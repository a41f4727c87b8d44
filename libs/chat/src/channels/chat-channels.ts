import { createHash, randomBytes } from 'node:crypto';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkData, checkId, checkLine, exceeded, invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type ChatChangeKind } from '../outbox/outbox.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { CHAT_ROLES, type ChatRole } from '../policy/chat-policy.js';
import type { ChannelGate, OpenChannel } from './channel-gate.js';
import type { ChannelTypes } from './channel-type.js';
import {
  channelOf,
  membershipOf,
  type ChannelRow,
  type ChatChannel,
  type ChatMembership,
  type MemberRow,
} from './chat-channel.js';

const MAX_NAME = 200;
/** The most users that one call adds or invites. */
const MAX_USERS_PER_CALL = 100;

/** The properties of a new channel. */
export interface NewChannel {
  /** @default a random id */
  readonly id?: string;
  readonly type: string;
  readonly name?: string;
  readonly data?: unknown;
  /** The members beside the actor, who becomes the owner; at most 100. */
  readonly members?: readonly string[];
}

/** The properties of a channel that can change; those left out remain. */
export interface ChannelChanges {
  readonly name?: string | null;
  readonly data?: unknown;
}

/** The settings of a member for themselves; those left out remain. */
export interface MembershipChanges {
  /** The time until which the user wants no notifications; null for now. */
  readonly mutedUntil?: number | null;
  /** Hides the channel from the list until the next message. */
  readonly isHidden?: boolean;
}

/** Creates and changes channels and their members. */
export class ChatChannels {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly types: ChannelTypes,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /**
   * Creates a channel. The actor becomes its owner; the members of a `fixed` type are equal.
   *
   * The same id creates a channel once: the present one is returned if the actor may read it. The same members of
   * a `fixed` type have one channel.
   *
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED for the properties; CHAT_FORBIDDEN by the policy
   * @throws {ChatError} CHAT_NOT_FOUND when a channel with the id exists that the actor may not read
   */
  async create(actor: ChatActor, channel: NewChannel, options?: ChatChangeOptions): Promise<ChatChannel> {
    const type = this.types.get(channel.type);
    const { id = randomBytes(12).toString('base64url'), name, data, members = [] } = channel;
    const users = checkUsers([...(actor.userId === null ? [] : [actor.userId]), ...members]);
    if (users.length > type.maxMembers) throw tooManyMembers(type.maxMembers);
    const isFixed = type.access === 'fixed';
    if (isFixed && users.length < 2)
      throw invalid(`A channel of the type '${type.name}' has at least two members`);
    const now = Date.now();
    const row = {
      tenant: actor.tenant,
      id: checkId('The id of a channel', id),
      type: type.name,
      name: name === undefined ? null : checkLine('The name of a channel', name, MAX_NAME),
      direct_key: isFixed ? keyOf(type.name, users) : null,
      data: checkData(data, this.limits.maxMessageDataBytes),
      created_by: actor.userId,
      created_at: now,
      active_at: now,
      member_count: users.length,
    };
    return this.work.change(async (queries) => {
      await this.gate.demandOf({ ...actor, role: 'none' }, 'channel.create', {
        channelType: type.name,
        channelId: id,
      });
      const [created] = await queries
        .insertInto('channels')
        .values(row)
        .onConflict((c) => c.doNothing())
        .returningAll()
        .execute();
      if (!created) return this.present(queries, actor, row);
      const roleOf = (userId: string): ChatRole => (isFixed || userId !== actor.userId ? 'member' : 'owner');
      const rows = users.map((userId) =>
        memberRow(created, userId, {
          role: actor.kind === 'guest' && userId === actor.userId ? 'guest' : roleOf(userId),
        }),
      );
      if (rows.length > 0) await queries.insertInto('members').values(rows).execute();
      await this.publish(queries, created, 'channel.created');
      for (const { user_id } of rows) await this.publish(queries, created, 'member.changed', user_id);
      return channelOf(created);
    }, options);
  }

  /**
   * Returns a channel with the membership of the actor, null without one.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when it does not exist, or the actor may not know of it
   */
  async get(
    actor: ChatActor,
    channelId: string,
  ): Promise<{ channel: ChatChannel; membership: ChatMembership | null }> {
    const { channel, member } = await this.work.read((queries) => this.gate.look(queries, actor, channelId));
    return { channel: channelOf(channel), membership: member ? membershipOf(member) : null };
  }

  /**
   * Joins an open channel, or accepts an invitation. A member joins once.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY; CHAT_LIMIT_EXCEEDED when the channel is full
   */
  async join(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatMembership> {
    const userId = userIdOf(actor);
    return this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      if (open.member?.state === 'joined') return membershipOf(open.member);
      await this.gate.demand(open, 'channel.join', { targetId: userId });
      const role = actor.kind === 'guest' ? 'guest' : 'member';
      return membershipOf(await this.enter(queries, open, { userId, role }));
    }, options);
  }

  /**
   * Adds users as members at once; members remain as they are.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  async add(
    actor: ChatActor,
    channelId: string,
    userIds: readonly string[],
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.enterAll(actor, { channelId, userIds, action: 'channel.add', state: 'joined' }, options);
  }

  /**
   * Invites users, who become members when they join.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  async invite(
    actor: ChatActor,
    channelId: string,
    userIds: readonly string[],
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.enterAll(actor, { channelId, userIds, action: 'channel.invite', state: 'invited' }, options);
  }

  /**
   * Ends the membership of the actor; also declines an invitation.
   *
   * @throws {ChatError} CHAT_NOT_FOUND; CHAT_FORBIDDEN in a channel with fixed members
   */
  async leave(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<void> {
    const userId = userIdOf(actor);
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      if (open.type.access === 'fixed')
        throw new ChatError(
          ChatErrorCode.Forbidden,
          'The members of this channel are fixed. Hide it instead.',
        );
      if (open.member) await this.exit(queries, open, userId);
    }, options);
  }

  /**
   * Removes a member or an invitation. Who is no member remains so.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  async remove(
    actor: ChatActor,
    channelId: string,
    userId: string,
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      const target = await memberOf(queries, open.channel, userId);
      const targetRole = target?.role as ChatRole | undefined;
      await this.gate.demand(open, 'channel.remove', { targetId: userId, ...(targetRole && { targetRole }) });
      if (target) await this.exit(queries, open, userId);
    }, options);
  }

  /**
   * Gives a member another role.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID
   */
  async setRole(
    actor: ChatActor,
    channelId: string,
    member: { readonly userId: string; readonly role: ChatRole },
    options?: ChatChangeOptions,
  ): Promise<void> {
    const { userId, role } = member;
    if (!CHAT_ROLES.includes(role)) throw invalid(`A role is one of ${CHAT_ROLES.join(', ')}`);
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      const target = await memberOf(queries, open.channel, userId);
      if (!target) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      await this.gate.demand(open, 'channel.roles', {
        targetId: userId,
        targetRole: target.role as ChatRole,
        newRole: role,
      });
      await updateMember(queries, open.channel, userId).set({ role }).execute();
      await this.publish(queries, open.channel, 'member.changed', userId);
    }, options);
  }

  /**
   * Changes the name or the data of a channel.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  async update(
    actor: ChatActor,
    channelId: string,
    changes: ChannelChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatChannel> {
    const { name, data } = changes;
    const set = {
      ...(name !== undefined && {
        name: name === null ? null : checkLine('The name of a channel', name, MAX_NAME),
      }),
      ...(data !== undefined && { data: checkData(data, this.limits.maxMessageDataBytes) }),
    };
    return this.changeChannel({ actor, channelId, action: 'channel.update', set }, options);
  }

  /** Lets only the server post. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  async freeze(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changeChannel(
      { actor, channelId, action: 'channel.freeze', set: { frozen_at: Date.now() } },
      options,
    );
  }

  /** Lets members post again. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  async unfreeze(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changeChannel(
      { actor, channelId, action: 'channel.freeze', set: { frozen_at: null } },
      options,
    );
  }

  /** Ends all changes of a channel for good. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  async archive(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changeChannel(
      { actor, channelId, action: 'channel.archive', set: { archived_at: Date.now() } },
      options,
    );
  }

  /**
   * Mutes or hides a channel for the actor alone.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member
   */
  async settle(
    actor: ChatActor,
    channelId: string,
    changes: MembershipChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatMembership> {
    const { mutedUntil, isHidden } = changes;
    if (typeof mutedUntil === 'number' && !Number.isSafeInteger(mutedUntil))
      throw invalid('mutedUntil is a time in milliseconds');
    const set = {
      ...(mutedUntil !== undefined && { muted_until: mutedUntil }),
      ...(isHidden !== undefined && { hidden_at: isHidden ? Date.now() : null }),
    };
    return this.work.change(async (queries) => {
      const { channel, member } = await this.gate.look(queries, actor, channelId);
      if (!member) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      if (Object.keys(set).length === 0) return membershipOf(member);
      const changed = await updateMember(queries, channel, member.user_id)
        .set(set)
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.publish(queries, channel, 'member.changed', member.user_id);
      return membershipOf(changed);
    }, options);
  }

  private async present(
    queries: Queries,
    actor: ChatActor,
    row: { id: string; direct_key: string | null },
  ): Promise<ChatChannel> {
    const found = await queries
      .selectFrom('channels as c')
      .select('c.id')
      .where('c.tenant', '=', actor.tenant)
      .where((eb) =>
        row.direct_key === null ? eb('c.id', '=', row.id) : eb('c.direct_key', '=', row.direct_key),
      )
      .executeTakeFirst();
    const { channel } = await this.gate.look(queries, actor, found?.id ?? row.id);
    return channelOf(channel);
  }

  private async changeChannel(
    change: {
      readonly actor: ChatActor;
      readonly channelId: string;
      readonly action: 'channel.update' | 'channel.freeze' | 'channel.archive';
      readonly set: Partial<Pick<ChannelRow, 'name' | 'data' | 'frozen_at' | 'archived_at'>>;
    },
    options?: ChatChangeOptions,
  ): Promise<ChatChannel> {
    const { actor, channelId, action, set } = change;
    return this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      await this.gate.demand(open, action);
      if (Object.keys(set).length === 0) return channelOf(open.channel);
      const row = await updateChannel(queries, open.channel)
        .set(set)
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.publish(queries, row, 'channel.changed');
      return channelOf(row);
    }, options);
  }

  private async enterAll(
    actor: ChatActor,
    entry: {
      readonly channelId: string;
      readonly userIds: readonly string[];
      readonly action: 'channel.add' | 'channel.invite';
      readonly state: 'joined' | 'invited';
    },
    options?: ChatChangeOptions,
  ): Promise<void> {
    const { channelId, userIds, action, state } = entry;
    const users = checkUsers(userIds);
    await this.work.change(async (queries) => {
      let open = await this.gate.lock(queries, actor, channelId);
      for (const userId of users) {
        await this.gate.demand(open, action, { targetId: userId });
        const present = await memberOf(queries, open.channel, userId);
        if (present && (present.state === 'joined' || state === 'invited')) continue;
        await this.enter(queries, open, { userId, role: (present?.role as ChatRole) ?? 'member', state });
        open = {
          ...open,
          channel: { ...open.channel, member_count: open.channel.member_count + (present ? 0 : 1) },
        };
      }
    }, options);
  }

  /** Invitations count as members, so that everybody who was invited finds room. */
  private async enter(
    queries: Queries,
    { channel, type }: OpenChannel,
    entry: MemberEntry,
  ): Promise<MemberRow> {
    const row = memberRow(channel, entry.userId, entry);
    const present = await memberOf(queries, channel, row.user_id);
    if (!present && channel.member_count >= type.maxMembers) throw tooManyMembers(type.maxMembers);
    const [entered] = await queries
      .insertInto('members')
      .values(row)
      .onConflict((c) =>
        c
          .columns(['tenant', 'channel_id', 'user_id'])
          .doUpdateSet({ state: row.state, joined_at: row.joined_at }),
      )
      .returningAll()
      .execute();
    if (!present)
      await updateChannel(queries, channel)
        .set((eb) => ({ member_count: eb('member_count', '+', 1) }))
        .execute();
    await this.publish(queries, channel, 'member.changed', row.user_id);
    return entered!;
  }

  private async exit(queries: Queries, { channel }: OpenChannel, userId: string): Promise<void> {
    await queries
      .deleteFrom('members')
      .where('tenant', '=', channel.tenant)
      .where('channel_id', '=', channel.id)
      .where('user_id', '=', userId)
      .execute();
    await updateChannel(queries, channel)
      .set((eb) => ({ member_count: eb('member_count', '-', 1) }))
      .execute();
    await this.publish(queries, channel, 'member.removed', userId);
  }

  private async publish(
    queries: Queries,
    { tenant, id }: ChannelRow,
    kind: ChatChangeKind,
    userId?: string,
  ): Promise<void> {
    await storeInOutbox(queries, [{ tenant, kind, channelId: id, ...(userId !== undefined && { userId }) }]);
  }
}

interface MemberEntry {
  readonly userId: string;
  readonly role: ChatRole;
  readonly state?: 'joined' | 'invited';
}

/** A new member has read everything: older messages are no news. */
function memberRow(
  { tenant, id, last_seq }: ChannelRow,
  userId: string,
  { role, state = 'joined' }: Omit<MemberEntry, 'userId'>,
) {
  return { tenant, channel_id: id, user_id: userId, role, state, joined_at: Date.now(), read_seq: last_seq };
}

function memberOf(
  queries: Queries,
  { tenant, id }: ChannelRow,
  userId: string,
): Promise<MemberRow | undefined> {
  return queries
    .selectFrom('members as m')
    .selectAll()
    .where('m.tenant', '=', tenant)
    .where('m.channel_id', '=', id)
    .where('m.user_id', '=', userId)
    .executeTakeFirst();
}

function updateMember(queries: Queries, { tenant, id }: ChannelRow, userId: string) {
  return queries
    .updateTable('members')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', id)
    .where('user_id', '=', userId);
}

function updateChannel(queries: Queries, { tenant, id }: ChannelRow) {
  return queries.updateTable('channels').where('tenant', '=', tenant).where('id', '=', id);
}

function checkUsers(userIds: readonly string[]): string[] {
  const users = [...new Set(userIds.map(checkUserId))];
  if (users.length > MAX_USERS_PER_CALL + 1)
    throw exceeded(`One call takes at most ${MAX_USERS_PER_CALL} users`);
  return users;
}

/** A hash, because the ids of the members together have no bounded length. */
function keyOf(type: string, userIds: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([type, ...userIds.toSorted()]))
    .digest('base64url');
}

function tooManyMembers(most: number): ChatError {
  return exceeded(`A channel of this type has at most ${most} members`);
}
