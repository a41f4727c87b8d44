import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { isForeignId } from './message-id.js';

const MAX_REMEMBERED = 10_000;

/** One message of one channel. */
export interface PostKey {
  readonly channel: string;
  readonly id: string;
}

/**
 * Remembers posts that may have been stored although their attempts failed.
 *
 * A refused retry says nothing about earlier attempts. So a post with an unknown outcome stays UNCERTAIN until
 * an attempt succeeds.
 */
export class UncertainPosts {
  private readonly keys = new Set<string>();
  /** True when a post was forgotten for lack of room, so that any id may belong to one. */
  private hasForgotten = false;

  /** Forgets a post, because its outcome is known. */
  settled(post: PostKey): void {
    if (this.keys.size > 0) this.keys.delete(keyOf(post));
  }

  /** Returns the error of a failed attempt, with regard to earlier attempts. */
  failed(post: PostKey, error: unknown): unknown {
    if (!(error instanceof MessagesError)) return error;
    if (error.code === MessagesErrorCode.Uncertain) this.remember(keyOf(post));
    return isRefusal(error) && this.mayBeStored(post) ? stillUncertain(post, error) : error;
  }

  private mayBeStored(post: PostKey): boolean {
    return this.hasForgotten || this.keys.has(keyOf(post)) || isForeignId(post.id);
  }

  private remember(key: string): void {
    this.keys.add(key);
    if (this.keys.size <= MAX_REMEMBERED) return;
    this.hasForgotten = true;
    for (const oldest of this.keys) return void this.keys.delete(oldest);
  }
}

function keyOf({ channel, id }: PostKey): string {
  // The name of a channel contains no space.
  return `${channel} ${id}`;
}

function isRefusal({ code }: MessagesError): boolean {
  return code === MessagesErrorCode.Unavailable || code === MessagesErrorCode.Overloaded;
}

function stillUncertain({ id }: PostKey, cause: MessagesError): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Uncertain,
    `This attempt stored nothing (${cause.code}), but an earlier attempt with this id may have stored the message. ` +
      'Post it again with the same id.',
    { cause },
  ).withMessageId(id);
}
