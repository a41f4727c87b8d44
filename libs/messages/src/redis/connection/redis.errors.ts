import { MessagesError, MessagesErrorCode } from '../../messages.error.js';

/** Returns true for an error reply of Redis. */
export function isReply(error: unknown): error is Error {
  // Compared by name, because a given client may come from another copy of ioredis.
  return error instanceof Error && error.name === 'ReplyError';
}

/** Creates the error of a post that was not sent, or that Redis refused. */
export function unavailable(why: string, cause?: Error): MessagesError {
  return new MessagesError(MessagesErrorCode.Unavailable, `${why}; nothing was posted to the cluster.`, {
    ...(cause && { cause: withoutCommand(cause) }),
  });
}

/** Creates the error of a post that Redis refused; a client never sees the cause. */
export function refused(cause: Error): MessagesError {
  return unavailable('Redis refused the post', cause);
}

/** Creates the error of a failed read; the cause never reaches a client. */
export function unreadable(cause: Error, why = 'Redis cannot be read'): MessagesError {
  return new MessagesError(MessagesErrorCode.Unavailable, `${why}; try again later.`, {
    cause: withoutCommand(cause),
  });
}

/** Creates the error of a post that may have been delivered. */
export function uncertain(cause: Error): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Uncertain,
    'Redis did not confirm the post in time; it may have been delivered.',
    { cause: withoutCommand(cause) },
  );
}

/** Creates the error of a post that exceeds the limits of pending posts. */
export function overloaded(posts: number, bytes: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Overloaded,
    `${posts} posts of ${bytes} bytes wait for Redis; nothing was posted to the cluster. ` +
      'Post less often, or raise maxPendingPosts or maxPendingBytes.',
  );
}

/** Copies an error without its command, which holds the posted text or, at sign-in, the password. */
function withoutCommand({ name, message }: Error): Error {
  return Object.assign(new Error(message), { name });
}

/** Returns the reply text without its script location; for the log only. */
export function replyTextOf({ message }: Error): string {
  return message.replace(/\.?( script: \w+, on @user_script:\d+)?\.?$/, '');
}
