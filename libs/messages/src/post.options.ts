import type { DeliveryClass } from './channel/channel.js';
import type { ExcludedReceiver } from './pubsub/excluded-receiver.js';
import type { Position } from './history/position.js';

/** The intended reach of a post. */
export type PostScope = 'auto' | 'local' | 'global';

/** The receivers of a post. */
export interface PostAudience {
  /**
   * A session whose client does not receive the message by its subscriptions.
   *
   * All streams of its connection are left out. On a recoverable channel all connections of the client are left
   * out, also after a reconnect. Listeners on servers receive the message.
   *
   * @default none
   */
  readonly except?: ExcludedReceiver | undefined;
}

/** The options of a post. */
export interface PostOptions extends PostAudience {
  /**
   * `auto`: the cluster when one is configured, else this process. `local`: this process.
   * `global`: the cluster, or an error.
   *
   * @default 'auto'
   */
  readonly scope?: PostScope;
  /** Ignored, because an ephemeral channel stores no ids; it lets one function post on any channel. */
  readonly id?: string | undefined;
}

/** The options of a post on a recoverable channel. */
export interface StoredPostOptions extends PostAudience {
  /**
   * The id of the message: 1 to 64 characters of A-Z a-z 0-9 _ . -, never used for another message.
   *
   * It is the `messageId` of the error of an earlier attempt, or an id of your own. Posts with one id within
   * two minutes are stored once. An id of `createMessageId()`, as errors have it, contains its time and is
   * refused afterwards. An id of your own contains no time: do not use it again after two minutes. With `except`
   * it has at most 46 characters.
   *
   * @default a new id
   */
  readonly id?: string | undefined;
}

/** The options of a post on a channel of a delivery class. */
export type PostOptionsOf<D extends DeliveryClass> = D extends 'ephemeral' ? PostOptions : StoredPostOptions;

/** The result of a post on a channel of a delivery class. */
export type PostResultOf<D extends DeliveryClass> = D extends 'ephemeral' ? PostResult : StoredPost;

/** The result of a post on a recoverable channel: its position. */
export interface StoredPost {
  readonly delivered: 'local' | 'global';
  readonly position: Position;
  /** True when an earlier attempt with the same id had stored the message. */
  readonly isDuplicate: boolean;
}

/** The result of a post on an ephemeral channel: its reach. */
export interface PostResult {
  /** `degraded`: this process; the cluster may not have the message, because it cannot be relied on now. */
  readonly delivered: 'local' | 'global' | 'degraded';
}

/** The options of a subscription. */
export interface AttachOptions {
  /** Removes the subscription when it aborts; an aborted signal adds none. */
  readonly signal?: AbortSignal;
}
