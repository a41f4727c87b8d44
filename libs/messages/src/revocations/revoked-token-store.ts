/** A revocation of tokens that were issued to one holder. */
export interface TokenRevocation {
  /** Names the holder: 2 to 64 characters of A-Z a-z 0-9 _ -; the first two choose the shard. */
  readonly holder: string;
  /** What the tokens are for: each 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly subjects: readonly string[];
  /** How long a token lives, in milliseconds: the revocation is forgotten then. */
  readonly ttlMs: number;
}

/** The generations that a holder's tokens must have at least. */
export interface RevokedTokens {
  /** Of tokens for any subject. */
  readonly floor: number;
  /** Of tokens for a subject. */
  readonly subjects: ReadonlyMap<string, number>;
}

/** Returns the generation that a token for the subject must have, or 0. */
export function requiredGeneration({ floor, subjects }: RevokedTokens, subject: string): number {
  return Math.max(floor, subjects.get(subject) ?? 0);
}

/** The most subjects that are remembered of a holder; beyond, its floor rises. */
export const MAX_REVOKED_SUBJECTS = 128;

/**
 * A bounded list of void tokens, which all processes of a cluster share.
 *
 * A token carries the generation that was required of it when it was issued. Each revocation requires a
 * later generation, by one sequence of the cluster, so that the clocks of processes do not matter. When
 * the list is full, a floor rises: it voids older tokens that nobody revoked, never the other way round.
 *
 * The list begins with a floor above all generations before. A list whose data were lost begins again, so
 * that tokens of the time that it knows nothing of are void. Who issues a token gives it the generation that
 * is required then, the floor at least.
 *
 * Every promise settles within a deadline.
 */
export abstract class RevokedTokenStore {
  /**
   * Voids the tokens that a holder has for the subjects.
   *
   * @returns what is void of the holder's tokens now
   * @throws {MessagesError} UNAVAILABLE when it may not have been written
   */
  abstract revoke(revocation: TokenRevocation): Promise<RevokedTokens>;

  /**
   * Returns what is void of a holder's tokens; a name of two characters gives the floor of its shard.
   *
   * @param ttlMs how long a token lives, in milliseconds
   * @throws {MessagesError} UNAVAILABLE when nobody can tell
   */
  abstract read(holder: string, ttlMs: number): Promise<RevokedTokens>;
}
