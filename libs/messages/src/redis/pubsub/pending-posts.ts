import { deferred, type Deferred } from '../../scheduling/deferred.js';
import type { MessagesError } from '../../messages.error.js';
import { overloaded } from '../connection/redis.errors.js';
import type { ResolvedTuning } from '../connection/redis.options.js';

/** Counts the posts that wait for Redis, and limits their number and bytes. */
export class PendingPosts {
  private posts = 0;
  private bytes = 0;
  private idle: Deferred<void> | undefined;

  constructor(private readonly limits: Pick<ResolvedTuning, 'maxPendingPosts' | 'maxPendingBytes'>) {}

  /** Returns the error for a further post; undefined while the limits permit one. */
  refusal(): MessagesError | undefined {
    const { maxPendingPosts, maxPendingBytes } = this.limits;
    return this.posts >= maxPendingPosts || this.bytes >= maxPendingBytes
      ? overloaded(this.posts, this.bytes)
      : undefined;
  }

  /** Adds posts that start to wait. */
  add(posts: number, bytes: number): void {
    this.posts += posts;
    this.bytes += bytes;
  }

  /** Removes posts that no longer wait. */
  remove(posts: number, bytes: number): void {
    this.posts -= posts;
    this.bytes -= bytes;
    if (this.posts === 0) this.idle?.resolve();
  }

  /** Resolves when no post waits; do not add posts after the call. */
  async settled(): Promise<void> {
    if (this.posts > 0) await (this.idle = deferred<void>()).promise;
  }
}
