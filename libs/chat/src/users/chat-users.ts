import { chatGuest, chatUser, type ChatActor } from '../policy/chat-actor.js';

/** The characters of the id that the default name of a guest has. */
const GUEST_DIGITS = 4;

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
 * `findMany` leaves out have the name of `nameOfGuest`.
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

  /**
   * Returns the name of a guest that others see; override it for another language.
   *
   * By default it is `Ann (guest)`, so that a guest looks like no user, and `Guest x7f2` for one without a name.
   *
   * @param guestId the id of the guest's user, such as `guest:…x7f2`
   * @param given the name that the guest has given, checked; null without one
   */
  nameOfGuest(guestId: string, given: string | null): string {
    return given === null ? `Guest ${guestId.slice(-GUEST_DIGITS)}` : `${given} (guest)`;
  }
}
