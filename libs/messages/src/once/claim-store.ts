/**
 * How far a piece of work is.
 *
 * `claimed`: it is the caller's now. `running`: somebody claimed it and has not settled it, or died.
 * Else it is settled, and this was the result.
 */
export type Claim = 'claimed' | 'running' | { readonly result: string };

/** A piece of work that is to be done once in the cluster. */
export interface ClaimedWork {
  /** 1 to 128 characters of A-Z a-z 0-9 _ -. */
  readonly id: string;
  /** How long it is remembered, from its claim and again from its end, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * What the processes of a cluster claim work with, so that it is done once.
 *
 * Of all that claim the same id within its time, one gets it. Every promise settles within a deadline.
 */
export abstract class ClaimStore {
  /**
   * Claims work.
   *
   * @throws {MessagesError} UNAVAILABLE when nobody can tell whether it is claimed
   */
  abstract claim(work: ClaimedWork): Promise<Claim>;

  /** Writes down the result of claimed work; never rejects: without it the work stays `running`. */
  abstract settle(work: ClaimedWork, result: string): Promise<void>;
}
