/** The key of `MessagesService` for attaching a receiver of publications. */
export const ATTACH = Symbol('attach');

/** The key of `MessagesService` for following a recoverable channel. */
export const FOLLOW = Symbol('follow');

/** The key of a receiver for the name that posts leave out. */
export const EXCLUDED = Symbol('excluded');

/** The key of `ChannelStream` for adding a publication. */
export const PUSH = Symbol('push');

/** The key of `ChannelStream` for setting `attached`. */
export const SET_ATTACHED = Symbol('setAttached');
