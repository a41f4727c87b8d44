import type { ChannelRights } from './channel-rights.js';
import type { ChatRole } from './chat-role.js';

/** An action that a policy permits or denies. */
export type ChatAction =
  | 'channel.create'
  | 'channel.read'
  | 'channel.join'
  | 'channel.invite'
  | 'channel.add'
  | 'channel.remove'
  | 'channel.update'
  | 'channel.freeze'
  | 'channel.archive'
  | 'channel.roles'
  | 'message.post'
  | 'message.attach'
  | 'message.edit'
  | 'message.delete'
  | 'message.purge'
  | 'message.react'
  | 'message.pin'
  | 'message.stop'
  | 'message.versions'
  | 'message.report'
  | 'user.report'
  | 'report.read'
  | 'user.export'
  | 'user.erase';

/** The one who acts. */
export interface ChatSubject {
  readonly tenant: string;
  readonly userId: string | null;
  readonly kind: 'user' | 'guest' | 'server';
  /** The role in the channel; `none` outside of it, `invited` before the user has joined. */
  readonly role: ChatRole | 'none' | 'invited';
}

/** The thing that an action concerns. */
export interface ChatResource {
  /** The type of the channel; undefined for actions outside of a channel. */
  readonly channelType?: string;
  readonly channelId?: string;
  /** True when everybody may join, as the type of the channel says. */
  readonly isOpen?: boolean;
  /** True when the members are fixed at the creation, as in a direct channel. */
  readonly isFixed?: boolean;
  /** The roles of actions that the type of the channel sets. */
  readonly rights?: ChannelRights;
  /** The author of the message; null for a system message. */
  readonly authorId?: string | null;
  /** The author of the message that a growing message answers. */
  readonly askerId?: string | null;
  /** The user that the action concerns: the member to add or remove, the user to report, export or erase. */
  readonly targetId?: string;
  readonly targetRole?: ChatRole;
  /** The role to give. */
  readonly newRole?: ChatRole;
}

/**
 * Decides who may do what.
 *
 * The chat asks it for each action of each entry: socket, call and server API. It runs inside of a
 * transaction, so it must be quick. Extend `DefaultChatPolicy` to change some rules.
 */
export abstract class ChatPolicy {
  /** Returns true to permit the action. */
  abstract allows(
    subject: ChatSubject,
    action: ChatAction,
    resource: ChatResource,
  ): boolean | Promise<boolean>;
}
