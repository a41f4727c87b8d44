/** The limits of the posts of one process that wait for the broker. */
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

/** The default limits of waiting posts. */
export const DEFAULT_POSTS: Required<PostsOptions> = { maxPendingPosts: 1_000, maxPendingBytes: 16_777_216 };
