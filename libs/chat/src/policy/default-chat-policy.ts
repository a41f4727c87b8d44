import type { ChannelRight } from './channel-rights.js';
import { ChatPolicy, type ChatAction, type ChatResource, type ChatSubject } from './chat-policy.js';
import { CHAT_ROLES, type ChatRole } from './chat-role.js';

type Rule = (subject: ChatSubject, resource: ChatResource) => boolean;

/** The rules that hold unless the application provides another policy. */
export class DefaultChatPolicy extends ChatPolicy {
  /** Permits the server everything, and others what the rights of the type or the rule of the action say. */
  allows(subject: ChatSubject, action: ChatAction, resource: ChatResource): boolean {
    if (subject.kind === 'server') return true;
    const roles = resource.rights?.[action as ChannelRight];
    // Members delete their own messages by the rights of the type, and moderators those of others by the rule.
    const isOfOthers = action === 'message.delete' && !isAuthor(subject, resource);
    if (!roles || isOfOthers) return RULES[action](subject, resource);
    return (
      (roles as readonly string[]).includes(subject.role) && (CONDITIONS[action]?.(subject, resource) ?? true)
    );
  }
}

const atLeast =
  (least: ChatRole): Rule =>
  ({ role }) =>
    rankOf(role) <= CHAT_ROLES.indexOf(least);

const isMember = atLeast('guest');
const isModerator = atLeast('moderator');
const isOwner = atLeast('owner');
const isAuthor: Rule = ({ userId }, { authorId }) => userId !== null && userId === authorId;
const isAsker: Rule = ({ userId }, { askerId }) => userId !== null && userId === askerId;
const isSelf: Rule = ({ userId }, { targetId }) => userId !== null && userId === targetId;
const hasAccount: Rule = ({ kind }) => kind === 'user';

const RULES: Readonly<Record<ChatAction, Rule>> = {
  'channel.create': (subject, { channelType }) => hasAccount(subject, {}) || channelType === 'support',
  'channel.read': (subject, resource) =>
    isMember(subject, resource) || (resource.isOpen === true && hasAccount(subject, resource)),
  'channel.join': (subject, { isOpen }) =>
    subject.role === 'invited' || (isOpen === true && hasAccount(subject, {})),
  'channel.invite': (subject, { isOpen, isFixed }) =>
    !isFixed && (isOpen ? atLeast('member') : isModerator)(subject, {}),
  'channel.add': (subject, { isFixed }) => !isFixed && isModerator(subject, {}),
  'channel.remove': (subject, resource) =>
    !resource.isFixed && isModerator(subject, resource) && isNoLess(subject, resource),
  'channel.update': (subject, resource) => !resource.isFixed && isModerator(subject, resource),
  'channel.freeze': (subject, resource) => !resource.isFixed && isModerator(subject, resource),
  'channel.archive': isOwner,
  'channel.roles': isOwner,
  'message.post': isMember,
  'message.attach': isMember,
  'message.edit': (subject, resource) => isMember(subject, resource) && isAuthor(subject, resource),
  'message.delete': (subject, resource) =>
    isMember(subject, resource) &&
    (isAuthor(subject, resource) || (!resource.isFixed && isModerator(subject, resource))),
  'message.purge': isModerator,
  'message.react': isMember,
  'message.pin': (subject, { isFixed }) => (isFixed ? isMember : isModerator)(subject, {}),
  'message.stop': (subject, resource) =>
    isMember(subject, resource) &&
    (isAuthor(subject, resource) ||
      isAsker(subject, resource) ||
      (!resource.isFixed && isModerator(subject, resource))),
  'message.versions': (subject, resource) => isAuthor(subject, resource) || isModerator(subject, resource),
  'message.report': isMember,
  'user.report': isMember,
  'report.read': isModerator,
  'user.export': isSelf,
  'user.erase': isSelf,
};

const mayChangeMembers: Rule = (_subject, { isFixed }) => !isFixed;
const isNoLess: Rule = ({ role }, { targetRole = 'guest' }) => rankOf(role) <= rankOf(targetRole);

/** Rules beside the roles of a right. */
const CONDITIONS: Readonly<Partial<Record<ChatAction, Rule>>> = {
  'channel.invite': mayChangeMembers,
  'channel.add': mayChangeMembers,
  'channel.remove': (subject, resource) => mayChangeMembers(subject, resource) && isNoLess(subject, resource),
  'message.edit': isAuthor,
};

function rankOf(role: ChatSubject['role']): number {
  const rank = CHAT_ROLES.indexOf(role as ChatRole);
  return rank < 0 ? CHAT_ROLES.length : rank;
}
