/** A revocation of tokens that were issued to one holder. */
export interface TokenRevocation {
  /** The name of the holder: 2 to 64 characters of A-Z a-z 0-9 _ -; the first two select the shard. */
  readonly holder: string;
  /** The subjects of the tokens: each 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly subjects: readonly string[];
  /** The lifetime of a token, and of the revocation, in milliseconds. */
  readonly ttlMs: number;
}

/** The least generations of a holder's tokens. */
export interface RevokedTokens {
  /** The least generation for every subject. */
  readonly floor: number;
  /** The least generation for single subjects. */
  readonly subjects: ReadonlyMap<string, number>;
}

/** Returns the least generation of a token for the subject. */
export function requiredGeneration({ floor, subjects }: RevokedTokens, subject: string): number {
  return Math.max(floor, subjects.get(subject) ?? 0);
}

/** The most subjects of a holder; a further one raises its floor. */
export const MAX_REVOKED_SUBJECTS = 128;

/**
 * Stores a bounded list of revoked tokens, which all processes of a cluster share.
 *
 * A token carries the generation that was required when it was issued. Each revocation requires a later
 * generation, from one sequence of the cluster, so that the clocks of processes do not matter. A full list
 * raises a floor: the floor revokes further old tokens, and never makes a revoked token valid.
 *
 * The list starts with a floor above all earlier generations. A list that has lost its data starts again, so
 * that tokens from before the loss are revoked. The issuer gives a token the generation that is required at
 * that time, which is at least the floor.
 *
 * Every promise settles within a deadline.
 */
export abstract class RevokedTokenStore {
  /**
   * Revokes the tokens of a holder for the subjects.
   *
   * @returns the required generations of the holder's tokens afterwards
   * @throws {MessagesError} UNAVAILABLE when the revocation may not be stored
   */
  abstract revoke(revocation: TokenRevocation): Promise<RevokedTokens>;

  /**
   * Returns the required generations of a holder's tokens.
   *
   * A name of two characters returns the floor of its shard.
   *
   * @param ttlMs the lifetime of a token, in milliseconds
   * @throws {MessagesError} UNAVAILABLE when the store cannot be reached
   */
  abstract read(holder: string, ttlMs: number): Promise<RevokedTokens>;
}
