/** The key of the method of `MessagesService` that attaches a receiver of publications. */
export const ATTACH = Symbol('attach');

/** The key of the method of `MessagesService` that follows a recoverable channel. */
export const FOLLOW = Symbol('follow');

/** The key of the method of `ChannelStream` that adds a publication. */
export const PUSH = Symbol('push');

/** The key of the method of `ChannelStream` that sets `attached`. */
export const SET_ATTACHED = Symbol('setAttached');
