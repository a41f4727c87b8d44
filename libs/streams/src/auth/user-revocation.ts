/** Whose access may have ended: all of a user, or what the narrowing names. */
export interface UserRevocation {
  readonly userId: string;
  /** Only connections whose user has this `tokenId`; all of the user's by default. */
  readonly tokenId?: string;
  /** Only connections whose user has one of these scopes; all of the user's by default. */
  readonly scopes?: readonly string[];
}

/** Users in doubt by their ids; `'all'` when too many were named. */
export type UsersToRecheck = ReadonlyMap<string, UserRevocation> | 'all';
