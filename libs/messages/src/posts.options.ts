/** Bounds what waits to be stored or to be sent to the cluster, in one process. */
export interface PostsOptions {
  /**
   * The most posts that wait for the broker.
   *
   * @default 1_000
   */
  readonly maxPendingPosts?: number;
  /**
   * The most bytes of posts that wait for the broker.
   *
   * @default 16_777_216
   */
  readonly maxPendingBytes?: number;
}

/** The bounds where the options set none. */
export const DEFAULT_POSTS: Required<PostsOptions> = { maxPendingPosts: 1_000, maxPendingBytes: 16_777_216 };
