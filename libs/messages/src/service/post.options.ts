/** How far a post is meant to reach. */
export type PostScope = 'auto' | 'local' | 'global';

/** How a message is posted. */
export interface PostOptions {
  /**
   * `auto`: the cluster when Redis is configured, else this process. `local`: this process.
   * `global`: the cluster, or an error.
   *
   * @default 'auto'
   */
  readonly scope?: PostScope;
}

/** How far a post has reached. */
export interface PostResult {
  /** `degraded`: this process, and the cluster not for certain, because it cannot be relied on now. */
  readonly delivered: 'local' | 'global' | 'degraded';
}

/** How long something stays attached to a channel. */
export interface AttachOptions {
  /** Removes the subscription when it aborts; aborted already, nothing is added. */
  readonly signal?: AbortSignal;
}
