import type { ChatLimits } from '../limits/chat-limits.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatRole } from '../policy/chat-role.js';
import type { GrantedRights } from '../policy/granted-rights.js';
import { ChannelChanger, type ChannelChanges } from './channel-changes.js';
import { ChannelCreation, type NewChannel } from './channel-creation.js';
import type { ChannelGate } from './channel-gate.js';
import { ChannelMembers, type MembershipChanges, type MemberSetting } from './channel-members.js';
import type { ChannelTypes } from './channel-type.js';
import { channelOf, membershipOf, type ChatChannel, type ChatMembership } from './chat-channel.js';

/** Creates and changes channels and their members. */
export class ChatChannels {
  private readonly creation: ChannelCreation;
  private readonly changer: ChannelChanger;
  private readonly members: ChannelMembers;

  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly types: ChannelTypes,
    limits: Required<ChatLimits>,
  ) {
    this.creation = new ChannelCreation(work, gate, types, limits);
    this.changer = new ChannelChanger(work, gate, limits);
    this.members = new ChannelMembers(work, gate);
  }

  /**
   * Creates a channel. The actor becomes its owner; the members of a `fixed` type are equal.
   *
   * The same id creates a channel once: the present one is returned if the actor may read it. The same members of
   * a `fixed` type have one channel.
   *
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED for the properties; CHAT_FORBIDDEN by the policy
   * @throws {ChatError} CHAT_NOT_FOUND when a channel with the id exists that the actor may not read
   */
  create(actor: ChatActor, channel: NewChannel, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.creation.create(actor, channel, options);
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
   * Returns the actions that the policy permits the actor in a channel.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when it does not exist, or the actor may not know of it
   */
  rights(actor: ChatActor, channelId: string): Promise<GrantedRights> {
    return this.work.read(async (queries) =>
      this.gate.rights(await this.gate.look(queries, actor, channelId)),
    );
  }

  /** Tells whether everybody with an account may join the channel, by its type. */
  isOpen({ type }: Pick<ChatChannel, 'type'>): boolean {
    return this.types.get(type).access === 'open';
  }

  /**
   * Joins an open channel, or accepts an invitation. A member joins once.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY; CHAT_LIMIT_EXCEEDED when the channel is full
   */
  join(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatMembership> {
    return this.members.join(actor, channelId, options);
  }

  /**
   * Adds users as members at once; members remain as they are.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  add(
    actor: ChatActor,
    channelId: string,
    userIds: readonly string[],
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.members.enterAll(actor, { channelId, userIds, state: 'joined' }, options);
  }

  /**
   * Invites users, who become members when they join.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  invite(
    actor: ChatActor,
    channelId: string,
    userIds: readonly string[],
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.members.enterAll(actor, { channelId, userIds, state: 'invited' }, options);
  }

  /**
   * Ends the membership of the actor; also declines an invitation.
   *
   * @throws {ChatError} CHAT_NOT_FOUND; CHAT_FORBIDDEN in a channel with fixed members
   */
  leave(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<void> {
    return this.members.leave(actor, channelId, options);
  }

  /**
   * Removes a member or an invitation. Who is no member remains so.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  remove(actor: ChatActor, channelId: string, userId: string, options?: ChatChangeOptions): Promise<void> {
    return this.members.remove(actor, channelId, userId, options);
  }

  /**
   * Gives a member another role.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID
   */
  setRole(
    actor: ChatActor,
    channelId: string,
    member: { readonly userId: string; readonly role: ChatRole },
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.members.setRole(actor, channelId, member, options);
  }

  /**
   * Adds or invites a user, and gives a role; a member gets the role alone. Null removes the user.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  setMember(
    actor: ChatActor,
    channelId: string,
    member: MemberSetting,
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.members.set(actor, channelId, member, options);
  }

  /**
   * Changes the name or the data of a channel, and freezes or archives it. Each needs a right of its own.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  update(
    actor: ChatActor,
    channelId: string,
    changes: ChannelChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatChannel> {
    return this.changer.change(actor, channelId, changes, options);
  }

  /** Lets only the server post. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  freeze(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changer.change(actor, channelId, { isFrozen: true }, options);
  }

  /** Lets members post again. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  unfreeze(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changer.change(actor, channelId, { isFrozen: false }, options);
  }

  /** Ends all changes of a channel. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  archive(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changer.change(actor, channelId, { isArchived: true }, options);
  }

  /** Lets an archived channel change again. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN */
  unarchive(actor: ChatActor, channelId: string, options?: ChatChangeOptions): Promise<ChatChannel> {
    return this.changer.change(actor, channelId, { isArchived: false }, options);
  }

  /**
   * Mutes or hides a channel for the actor alone.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member
   */
  settle(
    actor: ChatActor,
    channelId: string,
    changes: MembershipChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatMembership> {
    return this.members.settle(actor, channelId, changes, options);
  }
}
