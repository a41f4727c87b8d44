/**
 * The outcome of a claim.
 *
 * `claimed`: the caller has the work now. `running`: an earlier claim has the work, and has not settled it or
 * died. Otherwise the work is settled, with this result.
 */
export type Claim = 'claimed' | 'running' | { readonly result: string };

/** A piece of work that runs once in the cluster. */
export interface ClaimedWork {
  /** 1 to 128 characters of A-Z a-z 0-9 _ -. */
  readonly id: string;
  /** The lifetime of the record, from the claim and again from the end, in milliseconds. */
  readonly ttlMs: number;
}

/**
 * Stores claims, so that a piece of work runs once in the cluster.
 *
 * Of all claims on one id within its time, one succeeds. Every promise settles within a deadline.
 */
export abstract class ClaimStore {
  /**
   * Claims work.
   *
   * @throws {MessagesError} UNAVAILABLE when the store cannot be reached
   */
  abstract claim(work: ClaimedWork): Promise<Claim>;

  /** Stores the result of claimed work; never rejects, because unsettled work only stays `running`. */
  abstract settle(work: ClaimedWork, result: string): Promise<void>;
}
