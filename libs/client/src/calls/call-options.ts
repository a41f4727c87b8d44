/** Options of one call. */
export interface CallOptions {
  /** Cancels the call; it then ends with ABORTED. */
  readonly signal?: AbortSignal;
  /**
   * Time limit of the whole call, in ms, including the wait for a connection.
   *
   * The server gets it too. The call ends with DEADLINE_EXCEEDED. @default the client's `callTimeoutMs`
   */
  readonly timeoutMs?: number;
  /**
   * The id of the call, 22 characters of A-Z a-z 0-9 _ -.
   *
   * The same id repeats a call: the server answers it once. @default 128 random bits
   */
  readonly id?: string;
  /**
   * The policy for a call without a connection.
   *
   * - `throw`: the call ends with NOT_CONNECTED.
   * - `queue`: the call waits in a bounded queue for the connection.
   *
   * @default the client's `offline`; its `drop` is `throw` here
   */
  readonly offline?: 'throw' | 'queue';
}
