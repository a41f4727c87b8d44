/** A call to store. */
export interface NewCall {
  /** 1 to 128 characters of A-Z a-z 0-9 _ -; a secret of the caller. */
  readonly key: string;
  /** The server that runs the method; 1 to 64 characters of A-Z a-z 0-9 _ -. */
  readonly owner: string;
  /** A text that the store returns unchanged. */
  readonly request: string;
  /** The time for which the call is stored, in milliseconds; each write may extend it. */
  readonly ttlMs: number;
}

/** The state of a stored call. */
export interface CallState {
  readonly owner: string;
  readonly request: string;
  /** The present reader; empty without one. */
  readonly reader: string;
  /** The number of stored items. */
  readonly items: number;
  /** The number of items that readers have consumed; it never decreases. */
  readonly consumed: number;
  readonly isCancelled: boolean;
  /** The end of the call; undefined while it runs. */
  readonly end: string | undefined;
}

/** A change of a stored call; all parts apply in one step. */
export interface CallChange {
  /** The new reader. */
  readonly reader?: string;
  /** The reader that leaves; without effect when another one has replaced it. */
  readonly leaves?: string;
  /** The number of items that the reader has consumed; a lower one has no effect. */
  readonly consumed?: number;
  /** Cancels the call. */
  readonly cancel?: true;
  /** The end of the call; the first one stays. */
  readonly end?: string;
  /** The time for which the call is stored from now on, in milliseconds. */
  readonly ttlMs?: number;
}

/** The items of a call after a number of items, with its state at the same time. */
export interface StoredItems {
  readonly state: CallState;
  readonly items: readonly string[];
}

/**
 * Stores calls that continue without their client, on any server of the cluster.
 *
 * A call has its items in the order appended, one reader and one end. Each method is atomic. Every promise
 * settles within a deadline, and rejects with UNAVAILABLE when the store cannot be reached.
 */
export abstract class CallStore {
  /** Confirms for a time that a server is alive. */
  abstract renew(server: string, leaseMs: number): Promise<void>;

  /** Returns whether a server has confirmed in time that it is alive. */
  abstract isAlive(server: string): Promise<boolean>;

  /**
   * Stores a new call.
   *
   * @returns false when a call with this key exists; it stays unchanged
   */
  abstract create(call: NewCall): Promise<boolean>;

  /**
   * Appends items in the given order.
   *
   * @returns false when the call is unknown or has an end; nothing is stored then
   */
  abstract append(key: string, items: readonly string[]): Promise<boolean>;

  /** Changes a call; returns its state afterwards, undefined for an unknown call. */
  abstract change(key: string, change: CallChange): Promise<CallState | undefined>;

  /** Reads at most `limit` items after the first `after`; undefined for an unknown call. */
  abstract read(key: string, after: number, limit: number): Promise<StoredItems | undefined>;

  /** Removes a call. */
  abstract remove(key: string): Promise<void>;
}
