/** A user whose access may have ended, wholly or for some credentials. */
export interface UserRevocation {
  readonly userId: string;
  /** Restricts it to connections with this `tokenId` of the user. @default all */
  readonly tokenId?: string;
  /** Restricts it to connections with one of these scopes of the user. @default all */
  readonly scopes?: readonly string[];
}

/** The users to recheck, by id; `'all'` when there are too many. */
export type UsersToRecheck = ReadonlyMap<string, UserRevocation> | 'all';
