import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { exceeded, invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { CHAT_ROLES, type ChatRole } from '../policy/chat-role.js';
import { publishChannel } from './channel-changes.js';
import type { ChannelGate, OpenChannel } from './channel-gate.js';
import { memberOf, newMember, updateChannel, updateMember, type MemberEntry } from './channel-rows.js';
import { membershipOf, type ChatMembership, type MemberRow } from './chat-channel.js';

/** The most users that one call adds or invites. */
const MAX_USERS_PER_CALL = 100;

/** The settings of a member for themselves; those left out remain. */
export interface MembershipChanges {
  /** The time until which the user wants no notifications; null for now. */
  readonly mutedUntil?: number | null;
  /** Hides the channel from the list until the next message. */
  readonly isHidden?: boolean;
}

/** The wanted membership of a user. */
export interface MemberSetting {
  readonly userId: string;
  /** Null for no membership. */
  readonly role: ChatRole | null;
  /**
   * True invites a user who is no member, instead of adding the user at once.
   *
   * @default false
   */
  readonly isInvitation?: boolean;
}

/** Users to add or to invite. */
export interface MemberEntries {
  readonly channelId: string;
  readonly userIds: readonly string[];
  readonly state: 'joined' | 'invited';
}

/** Changes the members of channels. */
export class ChannelMembers {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
  ) {}

  /** Makes the actor a member, once. */
  async join(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatMembership> {
    const userId = userIdOf(actor);
    return this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      if (open.member?.state === 'joined') return membershipOf(open.member);
      await this.gate.demand(open, 'channel.join', { targetId: userId });
      const role = actor.kind === 'guest' ? 'guest' : 'member';
      return membershipOf(await enter(queries, open, { userId, role }));
    }, options);
  }

  /** Adds or invites users; members remain as they are. */
  async enterAll(actor: ChatActor, entries: MemberEntries, options?: ChatChangeOptions): Promise<void> {
    const users = checkUsers(entries.userIds);
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, entries.channelId);
      let { member_count } = open.channel;
      for (const userId of users) {
        const channel = { ...open.channel, member_count };
        if (await this.enter(queries, { ...open, channel }, { userId, state: entries.state })) member_count++;
      }
    }, options);
  }

  /** Gives a user the wanted membership. */
  async set(
    actor: ChatActor,
    channelId: string,
    { userId, role, isInvitation = false }: MemberSetting,
    options?: ChatChangeOptions,
  ): Promise<void> {
    if (role === null) return this.remove(actor, channelId, userId, options);
    checkRole(role);
    checkUserId(userId);
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      const present = await memberOf(queries, open.channel, userId);
      if (!present || (present.state === 'invited' && !isInvitation))
        await this.enter(queries, open, { userId, state: isInvitation ? 'invited' : 'joined' });
      if (role !== (present?.role ?? 'member')) await this.giveRole(queries, open, { userId, role });
    }, options);
  }

  /** Ends the membership of the actor. */
  async leave(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<void> {
    const userId = userIdOf(actor);
    await this.work.change(async (queries) => {
      const open = await this.gate.lock(queries, actor, channelId);
      if (open.type.access === 'fixed')
        throw new ChatError(
          ChatErrorCode.Forbidden,
          'The members of this channel are fixed. Hide it instead.',
        );
      if (open.member) await exit(queries, open, userId);
    }, options);
  }

  /** Removes a member or an invitation. */
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
      if (target) await exit(queries, open, userId);
    }, options);
  }

  /** Gives a member another role. */
  async setRole(
    actor: ChatActor,
    channelId: string,
    member: { readonly userId: string; readonly role: ChatRole },
    options?: ChatChangeOptions,
  ): Promise<void> {
    checkRole(member.role);
    await this.work.change(async (queries) => {
      await this.giveRole(queries, await this.gate.lock(queries, actor, channelId), member);
    }, options);
  }

  /** Changes the settings of the actor as a member. */
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
      if (!member) throw noMember();
      if (Object.keys(set).length === 0) return membershipOf(member);
      const changed = await updateMember(queries, channel, member.user_id)
        .set(set)
        .returningAll()
        .executeTakeFirstOrThrow();
      await publishChannel(queries, channel, 'member.changed', member.user_id);
      return membershipOf(changed);
    }, options);
  }

  /** Adds or invites a user, unless a member; returns true when the channel has one more. */
  private async enter(
    queries: Queries,
    open: OpenChannel,
    { userId, state }: { readonly userId: string; readonly state: 'joined' | 'invited' },
  ): Promise<boolean> {
    const action = state === 'joined' ? 'channel.add' : 'channel.invite';
    await this.gate.demand(open, action, { targetId: userId });
    const present = await memberOf(queries, open.channel, userId);
    if (present && (present.state === 'joined' || state === 'invited')) return false;
    await enter(queries, open, { userId, role: (present?.role as ChatRole) ?? 'member', state });
    return !present;
  }

  private async giveRole(
    queries: Queries,
    open: OpenChannel,
    { userId, role }: { readonly userId: string; readonly role: ChatRole },
  ): Promise<void> {
    const target = await memberOf(queries, open.channel, userId);
    if (!target) throw noMember();
    await this.gate.demand(open, 'channel.roles', {
      targetId: userId,
      targetRole: target.role as ChatRole,
      newRole: role,
    });
    await updateMember(queries, open.channel, userId).set({ role }).execute();
    await publishChannel(queries, open.channel, 'member.changed', userId);
  }
}

/**
 * Returns the ids of users, each once.
 *
 * @throws {ChatError} CHAT_INVALID for an id; CHAT_LIMIT_EXCEEDED for more than one call takes
 */
export function checkUsers(userIds: readonly string[]): string[] {
  const users = [...new Set(userIds.map(checkUserId))];
  if (users.length > MAX_USERS_PER_CALL + 1)
    throw exceeded(`One call takes at most ${MAX_USERS_PER_CALL} users`);
  return users;
}

/** Makes the error for a channel that is full. */
export function tooManyMembers(most: number): ChatError {
  return exceeded(`A channel of this type has at most ${most} members`);
}

function checkRole(role: ChatRole): void {
  if (!CHAT_ROLES.includes(role)) throw invalid(`A role is one of ${CHAT_ROLES.join(', ')}`);
}

function noMember(): ChatError {
  return new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
}

/** Invitations count as members, so that everybody who was invited finds room. */
async function enter(
  queries: Queries,
  { channel, type }: OpenChannel,
  entry: MemberEntry,
): Promise<MemberRow> {
  const row = newMember(channel, entry);
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
  if (!present) await countMember(queries, channel, 1);
  await publishChannel(queries, channel, 'member.changed', row.user_id);
  return entered!;
}

async function exit(queries: Queries, { channel }: OpenChannel, userId: string): Promise<void> {
  await queries
    .deleteFrom('members')
    .where('tenant', '=', channel.tenant)
    .where('channel_id', '=', channel.id)
    .where('user_id', '=', userId)
    .execute();
  await countMember(queries, channel, -1);
  await publishChannel(queries, channel, 'member.removed', userId);
}

async function countMember(queries: Queries, channel: OpenChannel['channel'], by: 1 | -1): Promise<void> {
  await updateChannel(queries, channel)
    .set((eb) => ({ member_count: eb('member_count', '+', by) }))
    .execute();
}
