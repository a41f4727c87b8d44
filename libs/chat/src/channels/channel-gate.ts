import type { ChatDatabase, Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatAction, ChatPolicy, ChatResource, ChatSubject } from '../policy/chat-policy.js';
import type { ChatRole } from '../policy/chat-role.js';
import { grantedRights, type GrantedRights } from '../policy/granted-rights.js';
import { memberOf, selectChannel } from './channel-rows.js';
import type { ChannelType, ChannelTypes } from './channel-type.js';
import type { ChannelRow, MemberRow } from './chat-channel.js';

/** A channel, opened for an actor: who acts, and what the policy is asked about. */
export interface OpenChannel {
  readonly channel: ChannelRow;
  readonly type: ChannelType;
  /** The row of the actor; undefined outside of the channel. */
  readonly member: MemberRow | undefined;
  readonly subject: ChatSubject;
  readonly resource: ChatResource;
}

/** Opens channels for actors, and asks the policy. */
export class ChannelGate {
  constructor(
    private readonly database: ChatDatabase,
    private readonly policy: ChatPolicy,
    private readonly types: ChannelTypes,
  ) {}

  /**
   * Opens a channel that the actor may read.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when it does not exist, or the actor may not know of it
   */
  async look(queries: Queries, actor: ChatActor, channelId: string): Promise<OpenChannel> {
    return this.open(queries, actor, await this.rowOf(queries, actor, channelId));
  }

  /**
   * Opens a channel for a change: other changes of the channel wait until the transaction ends.
   *
   * @throws {ChatError} CHAT_NOT_FOUND as `look`; CHAT_READ_ONLY when the channel is archived, unless `any` may be
   */
  async lock(
    queries: Queries,
    actor: ChatActor,
    channelId: string,
    state: 'active' | 'any' = 'active',
  ): Promise<OpenChannel> {
    const found = await this.open(queries, actor, await this.rowOf(queries, actor, channelId, 'locked'));
    if (found.channel.archived_at !== null && state === 'active')
      throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is archived.');
    return found;
  }

  /**
   * Asks the policy for an action in an opened channel.
   *
   * @throws {ChatError} CHAT_FORBIDDEN when it denies the action
   */
  async demand(
    { subject, resource }: OpenChannel,
    action: ChatAction,
    more: ChatResource = {},
  ): Promise<void> {
    await this.demandOf(subject, action, { ...resource, ...more });
  }

  /**
   * Asks the policy for an action outside of a channel.
   *
   * @throws {ChatError} CHAT_FORBIDDEN when it denies the action
   */
  async demandOf(subject: ChatSubject, action: ChatAction, resource: ChatResource): Promise<void> {
    if (await this.policy.allows(subject, action, resource)) return;
    const isOutside = subject.role === 'none' || subject.role === 'invited';
    const remedy = isOutside && action.startsWith('message.') ? ' Join the channel first.' : '';
    throw new ChatError(
      ChatErrorCode.Forbidden,
      `The policy denies '${action}' to the role '${subject.role}'.${remedy}`,
    );
  }

  /** Asks the policy for all rights of the actor in an opened channel. */
  rights({ subject, resource }: OpenChannel): Promise<GrantedRights> {
    return grantedRights(this.policy, subject, resource);
  }

  /** Tells whether the policy lets the actor read a channel, of which the actor is a member. */
  async mayRead(actor: ChatActor, row: Pick<ChannelRow & MemberRow, 'id' | 'type' | 'state' | 'role'>) {
    const { subject, resource } = this.factsOf(actor, row, row);
    return this.policy.allows(subject, 'channel.read', resource);
  }

  private async rowOf(
    queries: Queries,
    { tenant }: ChatActor,
    channelId: string,
    mode: 'plain' | 'locked' = 'plain',
  ): Promise<ChannelRow | undefined> {
    const select = selectChannel(queries, { tenant, id: channelId });
    // A transaction on SQLite has the lock of the whole file from its begin on.
    const isLocked = mode === 'locked' && this.database.kind === 'postgres';
    return (isLocked ? select.forUpdate() : select).executeTakeFirst();
  }

  private async open(
    queries: Queries,
    actor: ChatActor,
    channel: ChannelRow | undefined,
  ): Promise<OpenChannel> {
    if (!channel) throw notFound();
    const member = actor.userId === null ? undefined : await memberOf(queries, channel, actor.userId);
    const { type, subject, resource } = this.factsOf(actor, channel, member);
    const isKnown = member !== undefined || (await this.policy.allows(subject, 'channel.read', resource));
    if (!isKnown) throw notFound();
    return { channel, type, member, subject, resource };
  }

  private factsOf(
    actor: ChatActor,
    { id, type: name }: Pick<ChannelRow, 'id' | 'type'>,
    member: Pick<MemberRow, 'state' | 'role'> | undefined,
  ): Pick<OpenChannel, 'type' | 'subject' | 'resource'> {
    const type = this.types.get(name);
    return {
      type,
      subject: { ...actor, role: roleOf(member) },
      resource: {
        channelType: type.name,
        channelId: id,
        isOpen: type.access === 'open',
        isFixed: type.access === 'fixed',
        rights: type.rights,
      },
    };
  }
}

function roleOf(member: Pick<MemberRow, 'state' | 'role'> | undefined): ChatSubject['role'] {
  if (!member) return 'none';
  return member.state === 'joined' ? (member.role as ChatRole) : 'invited';
}

function notFound(): ChatError {
  return new ChatError(ChatErrorCode.NotFound, 'There is no such channel.');
}
