import { UserStorage } from './user-storage.js';

/** The entries that the page keeps for one user in the browser. */
export interface UserStores {
  /** The posts that the server has not stored. */
  readonly outbox: UserStorage;
  readonly drafts: UserStorage;
  /** The places of the reader in the rooms, for this tab. */
  readonly places: UserStorage;
}

/** Opens the entries of a user. */
export function openStores(userId: string): UserStores {
  return {
    outbox: new UserStorage(localStorage, 'outbox', userId),
    drafts: new UserStorage(localStorage, 'drafts', userId),
    places: new UserStorage(sessionStorage, 'places', userId),
  };
}
