import { MessagesError, MessagesErrorCode } from '../../messages.error.js';

/** Tells whether an error is Redis's own answer. */
export function isReply(error: unknown): error is Error {
  // By name: a given client may be of another copy of ioredis.
  return error instanceof Error && error.name === 'ReplyError';
}

/** Makes the error of a post that was not sent, or that Redis refused. */
export function unavailable(why: string, cause?: Error): MessagesError {
  return new MessagesError(MessagesErrorCode.Unavailable, `${why}; nothing was posted to the cluster.`, {
    ...(cause && { cause: withoutCommand(cause) }),
  });
}

/** Makes the error of a post that Redis refused; the cause goes to no client. */
export function refused(cause: Error): MessagesError {
  return unavailable('Redis refused the post', cause);
}

/** Makes the error of what cannot be read now; the cause goes to no client. */
export function unreadable(cause: Error, why = 'Redis cannot be read'): MessagesError {
  return new MessagesError(MessagesErrorCode.Unavailable, `${why}; try again later.`, {
    cause: withoutCommand(cause),
  });
}

/** Makes the error of a post that may have been taken. */
export function uncertain(cause: Error): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Uncertain,
    'Redis did not confirm the post in time; it may have been delivered.',
    { cause: withoutCommand(cause) },
  );
}

/** Makes the error of a post that would have to wait behind too many. */
export function overloaded(posts: number, bytes: number): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Overloaded,
    `${posts} posts of ${bytes} bytes wait for Redis; the limits are maxPendingPosts and maxPendingBytes. ` +
      'Nothing was posted to the cluster.',
  );
}

/** Copies an error without the command in it: it holds what was posted, and at sign-in the password. */
function withoutCommand({ name, message }: Error): Error {
  return Object.assign(new Error(message), { name });
}

/** Returns Redis's answer without the place in the script; for the log alone. */
export function answerOf({ message }: Error): string {
  return message.replace(/\.?( script: \w+, on @user_script:\d+)?\.?$/, '');
}
