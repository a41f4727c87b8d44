import { chatUser, type ChatActor } from '../policy/chat-actor.js';

/** The most users that a search sends. */
const MAX_FOUND = 20;

/** The public part of a user: all that other users ever see. */
export interface ChatProfile {
  readonly id: string;
  readonly name: string;
  readonly avatarUrl?: string;
}

/**
 * Supplies the users of the application.
 *
 * The chat stores ids only. It sends `id`, `name` and `avatarUrl` to clients, and no other field.
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
  return new Map(found.map((profile) => [profile.id, publicPart(profile)]));
}

/** Finds users by a part of their name; none without a search of the application. */
export async function findProfiles(users: ChatUsers, tenant: string, text: string): Promise<ChatProfile[]> {
  const found = (await users.search?.(text, tenant)) ?? [];
  return found.slice(0, MAX_FOUND).map(publicPart);
}

function publicPart({ id, name, avatarUrl }: ChatProfile): ChatProfile {
  return avatarUrl === undefined ? { id, name } : { id, name, avatarUrl };
}
