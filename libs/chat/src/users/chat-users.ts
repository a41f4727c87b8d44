import { chatGuest, chatUser, isGuestId, type ChatActor } from '../policy/chat-actor.js';

/** The characters of the id that the default name of a guest has. */
const GUEST_DIGITS = 4;
/** The most users that a search sends. */
const MAX_FOUND = 20;

/** The public part of a user: all that other users ever see. */
export interface ChatProfile {
  readonly id: string;
  readonly name: string;
  readonly avatarUrl?: string;
  /** True for a guest, who has no account. The chat sets it; a profile of the application does not. */
  readonly isGuest?: boolean;
}

/**
 * Supplies the users of the application.
 *
 * The chat stores ids only. It sends `id`, `name` and `avatarUrl` to clients, and no other field. Guests whose id
 * `findMany` leaves out have a name such as "Guest x7f2".
 */
export abstract class ChatUsers {
  /** Returns the profiles of users, in any order; unknown ids are left out. At most 1,000 ids at once. */
  abstract findMany(
    ids: readonly string[],
    tenant: string,
  ): readonly ChatProfile[] | Promise<readonly ChatProfile[]>;

  /**
   * Finds users by a part of their name, for mentions and invitations; at most the first 20 are sent.
   *
   * Without it, the chat offers no search for users.
   */
  search?(text: string, tenant: string): readonly ChatProfile[] | Promise<readonly ChatProfile[]>;

  /**
   * Returns the actor for the user of a stream; override it for tenants.
   *
   * By default it is the user with this id in the default tenant.
   */
  actorOf(user: { readonly id: string }): ChatActor {
    return chatUser(user.id);
  }

  /**
   * Returns the actor for an anonymous client, if the option `guests` permits them; override it for tenants.
   *
   * The id is stable for a client. By default it is a guest in the default tenant.
   */
  actorOfGuest(guestId: string): ChatActor {
    return chatGuest(guestId);
  }
}

/** Looks up profiles, each id once, and keeps only the public fields. */
export async function profilesOf(
  users: ChatUsers,
  tenant: string,
  ids: Iterable<string | null>,
): Promise<ReadonlyMap<string, ChatProfile>> {
  const wanted = [...new Set(ids)].filter((id): id is string => id !== null);
  if (wanted.length === 0) return new Map();
  const found = await users.findMany(wanted, tenant);
  const guests = wanted.filter(isGuestId).map((id) => ({ id, name: `Guest ${id.slice(-GUEST_DIGITS)}` }));
  return new Map([...guests, ...found].map((profile) => [profile.id, publicPart(profile)]));
}

/** Finds users by a part of their name; none without a search of the application. */
export async function findProfiles(users: ChatUsers, tenant: string, text: string): Promise<ChatProfile[]> {
  const found = (await users.search?.(text, tenant)) ?? [];
  return found.slice(0, MAX_FOUND).map(publicPart);
}

function publicPart({ id, name, avatarUrl }: ChatProfile): ChatProfile {
  return {
    id,
    name,
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(isGuestId(id) && { isGuest: true }),
  };
}
