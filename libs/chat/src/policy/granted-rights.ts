import { CHANNEL_RIGHTS, type ChannelRight } from './channel-rights.js';
import type { ChatPolicy, ChatResource, ChatSubject } from './chat-policy.js';

/** An action that a user may be permitted in a channel. */
export type GrantedAction = ChannelRight | 'channel.roles';

/**
 * The actions that the policy permits one user in one channel.
 *
 * A page shows what it offers by them. The server decides again for each action. A channel that is frozen or archived
 * has the same rights.
 */
export interface GrantedRights {
  /** The actions in the channel, and on own messages. */
  readonly actions: readonly GrantedAction[];
  /** True when the user may delete messages of others. */
  readonly isModerator: boolean;
}

const ACTIONS: readonly GrantedAction[] = [...CHANNEL_RIGHTS, 'channel.roles'];

/** Asks the policy for all actions that a page offers. */
export async function grantedRights(
  policy: ChatPolicy,
  subject: ChatSubject,
  resource: ChatResource,
): Promise<GrantedRights> {
  const own = { ...resource, authorId: subject.userId };
  const [isModerator, ...isGranted] = await Promise.all([
    policy.allows(subject, 'message.delete', { ...resource, authorId: null }),
    ...ACTIONS.map((action) => policy.allows(subject, action, own)),
  ]);
  return { actions: ACTIONS.filter((_action, at) => isGranted[at]), isModerator: isModerator! };
}
