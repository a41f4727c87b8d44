import { misconfigured, refuseUnknown } from '../error/option-errors.js';
import { CHAT_ROLES, type ChatRole } from './chat-role.js';

/** The actions whose roles a type of channels can set. */
export const CHANNEL_RIGHTS = [
  'channel.invite',
  'channel.add',
  'channel.remove',
  'channel.update',
  'channel.freeze',
  'channel.archive',
  'message.post',
  'message.attach',
  'message.edit',
  'message.delete',
  'message.react',
  'message.pin',
  'message.report',
  'user.report',
] as const;

/** An action whose roles a type of channels can set. */
export type ChannelRight = (typeof CHANNEL_RIGHTS)[number];

/**
 * The roles that may take an action in channels of a type.
 *
 * An action that is left out keeps its default roles; an empty list permits it to the server alone.
 */
export type ChannelRights = Readonly<Partial<Record<ChannelRight, readonly ChatRole[]>>>;

/**
 * Returns the rights of a type, checked.
 *
 * @param name names the group in errors, such as `types.public.rights`
 * @throws {ChatError} CHAT_CONFIGURATION when there is no such action or role
 */
export function checkRights(name: string, rights: ChannelRights): ChannelRights {
  refuseUnknown(name, rights, CHANNEL_RIGHTS);
  for (const [action, roles] of Object.entries(rights))
    if (!Array.isArray(roles) || !roles.every((role) => CHAT_ROLES.includes(role)))
      throw misconfigured(`${name}.${action} is a list of the roles ${CHAT_ROLES.join(', ')}`);
  return rights;
}
