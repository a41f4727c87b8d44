import { ChatError, ChatErrorCode } from '../error/chat-error.js';

/** The user, or the server itself, on whose behalf the chat acts. */
export interface ChatActor {
  /** The tenant of everything that the actor sees. */
  readonly tenant: string;
  /** The id of the user; null for the server without a user, such as for system messages. */
  readonly userId: string | null;
  /** `user`, `guest` without an account, or `server`, which the default policy permits everything. */
  readonly kind: 'user' | 'guest' | 'server';
}

/** The tenant of an application that has only one. */
export const DEFAULT_TENANT = 'default';

const TENANT = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_USER_ID = 128;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The begin of the ids of guests, which no id of a user has. */
const GUEST = 'guest:';

/**
 * Makes the actor for a signed-in user.
 *
 * @throws {ChatError} CHAT_INVALID when the id or the tenant is not valid, or the id is one of a guest
 */
export function chatUser(userId: string, tenant = DEFAULT_TENANT): ChatActor {
  if (isGuestId(userId))
    throw new ChatError(ChatErrorCode.Invalid, `The id of a user does not begin with '${GUEST}'.`);
  return { tenant: checkTenant(tenant), userId: checkUserId(userId), kind: 'user' };
}

/**
 * Makes the actor for a user without an account.
 *
 * The id of its user is `guest:` and the id of the guest.
 *
 * @throws {ChatError} CHAT_INVALID when the id or the tenant is not valid
 */
export function chatGuest(guestId: string, tenant = DEFAULT_TENANT): ChatActor {
  return { tenant: checkTenant(tenant), userId: checkUserId(GUEST + guestId), kind: 'guest' };
}

/**
 * Makes the actor for the server: a bot with the id of a user, or nobody.
 *
 * @throws {ChatError} CHAT_INVALID when the id or the tenant is not valid
 */
export function chatServer(options: { readonly tenant?: string; readonly userId?: string } = {}): ChatActor {
  const { tenant = DEFAULT_TENANT, userId } = options;
  return {
    tenant: checkTenant(tenant),
    userId: userId === undefined ? null : checkUserId(userId),
    kind: 'server',
  };
}

/** Tells whether an id is one of a guest. */
export function isGuestId(userId: string): boolean {
  return typeof userId === 'string' && userId.startsWith(GUEST);
}

/**
 * Returns the id of the actor's user.
 *
 * @throws {ChatError} CHAT_INVALID for the server without a user
 */
export function userIdOf({ userId }: ChatActor): string {
  if (userId !== null) return userId;
  throw new ChatError(ChatErrorCode.Invalid, 'This needs a user: give chatServer() the userId of a bot.');
}

/**
 * Returns a valid id of a user.
 *
 * @throws {ChatError} CHAT_INVALID when it is not 1 to 128 characters without control characters
 */
export function checkUserId(userId: string): string {
  const isValid = typeof userId === 'string' && userId.length > 0 && userId.length <= MAX_USER_ID;
  if (isValid && !hasControl(userId)) return userId;
  throw new ChatError(
    ChatErrorCode.Invalid,
    'The id of a user is 1 to 128 characters, none of them a control character.',
  );
}

/** Tells whether a text has control characters or halves of characters. */
export function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 32) return true;
  return LONE_SURROGATE.test(text);
}

function checkTenant(tenant: string): string {
  if (typeof tenant === 'string' && TENANT.test(tenant)) return tenant;
  throw new ChatError(ChatErrorCode.Invalid, 'A tenant is 1 to 64 characters of A-Z a-z 0-9 _ . -');
}
