import { chatUser, type ChatActor } from '../policy/chat-actor.js';

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
  return new Map(
    found.map(({ id, name, avatarUrl }) => [
      id,
      avatarUrl === undefined ? { id, name } : { id, name, avatarUrl },
    ]),
  );
}
