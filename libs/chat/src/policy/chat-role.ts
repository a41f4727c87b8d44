/** The role of a member in a channel. */
export type ChatRole = 'owner' | 'moderator' | 'member' | 'guest';

/** The roles, from the most rights to the least. */
export const CHAT_ROLES: readonly ChatRole[] = ['owner', 'moderator', 'member', 'guest'];
