import type { PostResult } from '../post.options.js';

// Shared by all posts, so that a post which has arrived costs no object.
const GLOBAL: PostResult = Object.freeze({ delivered: 'global' });
const DEGRADED: PostResult = Object.freeze({ delivered: 'degraded' });

/** The result of a post to this process alone, which has arrived at once. */
export const LOCAL: Promise<PostResult> = Promise.resolve(Object.freeze({ delivered: 'local' }));

/** Posts that leave together. */
interface Group {
  readonly result: Promise<PostResult>;
  posts: number;
}

/** Follows posts to the cluster: one promise for all that leave together. */
export class PostOutcomes {
  /** Posts that did not reach the cluster for certain. */
  degraded = 0;
  readonly #groups = new Map<Promise<void>, Group>();

  /** Resolves to how far a post got; never rejects. */
  follow(published: Promise<void>): Promise<PostResult> {
    const group = this.#groups.get(published) ?? this.#begin(published);
    group.posts++;
    return group.result;
  }

  /** Resolves when the post has reached the cluster; rejects with what went wrong. */
  require(published: Promise<void>): Promise<PostResult> {
    return published.then(
      () => GLOBAL,
      (error: unknown) => {
        this.degraded++;
        throw error;
      },
    );
  }

  #begin(published: Promise<void>): Group {
    const result = published.then(
      () => this.#end(published, GLOBAL),
      () => {
        this.degraded += group.posts;
        return this.#end(published, DEGRADED);
      },
    );
    const group: Group = { result, posts: 0 };
    this.#groups.set(published, group);
    return group;
  }

  #end(published: Promise<void>, result: PostResult): PostResult {
    this.#groups.delete(published);
    return result;
  }
}
