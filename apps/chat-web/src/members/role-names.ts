import type { ChatRole } from '@nestwire/chat/client';

/** The roles that the owner of a room gives, from the most rights to the least. */
export const GIVEN_ROLES = ['owner', 'moderator', 'member'] as const satisfies readonly ChatRole[];

/** The names of the roles. */
export const ROLE_NAMES: Readonly<Record<ChatRole, string>> = {
  owner: 'Owner',
  moderator: 'Moderator',
  member: 'Member',
  guest: 'Guest',
};

/** The rights of the roles, in one line each. */
export const ROLE_RIGHTS: Readonly<Record<(typeof GIVEN_ROLES)[number], string>> = {
  owner: 'Gives roles, archives the room, and does all that moderators do.',
  moderator: 'Deletes messages, pins them, and removes members.',
  member: 'Writes, reacts and invites.',
};

/** Returns true when a role has at least the rights of another. */
export function isAtLeast(role: ChatRole, other: ChatRole): boolean {
  const ranks = Object.keys(ROLE_NAMES);
  return ranks.indexOf(role) <= ranks.indexOf(other);
}
