/** A stream that may end: an open one, or one that a client resumes. */
export interface EvictedStream {
  readonly endpoint: string;
  readonly paramsText: string;
  /** The validated parameters, if the session has them. */
  readonly params?: object | undefined;
  readonly user: unknown;
  /** The id of the session; undefined for a stream that is not open. */
  readonly id?: string;
}

/** Decides whether a stream ends. */
export type EvictionMatcher = (stream: EvictedStream) => boolean;
