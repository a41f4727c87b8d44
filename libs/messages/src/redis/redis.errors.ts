import { MessagesError, MessagesErrorCode } from '../messages.error.js';

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

/** Makes the error of a post that Redis refused, with its answer. */
export function refused(cause: Error): MessagesError {
  return unavailable(`Redis refused the post (${answerOf(cause)})`, cause);
}

/** Makes the error of what cannot be read now. */
export function unreadable(cause: Error): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Unavailable,
    `Redis cannot be read (${answerOf(cause)}); try again when it can be reached.`,
    { cause: withoutCommand(cause) },
  );
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

/** Returns the answer without the place in the script, which says nothing to who reads it. */
function answerOf({ message }: Error): string {
  return message.replace(/\.?( script: \w+, on @user_script:\d+)?\.?$/, '');
}
