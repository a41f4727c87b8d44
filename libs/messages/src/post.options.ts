import type { DeliveryClass } from './channel/channel.js';
import type { Position } from './history/position.js';

/** How far a post is meant to reach. */
export type PostScope = 'auto' | 'local' | 'global';

/** How a message is posted. */
export interface PostOptions {
  /**
   * `auto`: the cluster when one is configured, else this process. `local`: this process.
   * `global`: the cluster, or an error.
   *
   * @default 'auto'
   */
  readonly scope?: PostScope;
  /** Ignored: an ephemeral channel remembers no ids. It lets one function post on any channel. */
  readonly id?: string | undefined;
}

/** How a message is posted on a recoverable channel. */
export interface StoredPostOptions {
  /**
   * The id of the message, as an error of an earlier attempt told it, or one of your own: 1 to 64 characters
   * of A-Z a-z 0-9 _ . -, never used for another message. Within two minutes it is stored once.
   *
   * An id of `createMessageId()`, as errors have it, tells when it was made, and is refused later than that. An
   * id of your own cannot be: do not use it again after two minutes.
   *
   * @default a new one
   */
  readonly id?: string | undefined;
}

/** How a message is posted on a channel of a delivery class. */
export type PostOptionsOf<D extends DeliveryClass> = D extends 'ephemeral' ? PostOptions : StoredPostOptions;

/** What a post on a channel of a delivery class resolves to. */
export type PostResultOf<D extends DeliveryClass> = D extends 'ephemeral' ? PostResult : StoredPost;

/** Where a post on a recoverable channel was stored. */
export interface StoredPost {
  readonly delivered: 'local' | 'global';
  readonly position: Position;
  /** Whether an earlier attempt with the same id had stored it already. */
  readonly isDuplicate: boolean;
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
