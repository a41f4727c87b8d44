import type { PostResult } from '../post.options.js';

// Shared by all posts, so that a result needs no object of its own.
const GLOBAL: PostResult = Object.freeze({ delivered: 'global' });
const DEGRADED: PostResult = Object.freeze({ delivered: 'degraded' });

/** The result of a post that reaches this process only. */
export const LOCAL: Promise<PostResult> = Promise.resolve(Object.freeze({ delivered: 'local' }));

/** Posts that share one publication. */
interface Group {
  readonly result: Promise<PostResult>;
  posts: number;
}

/** Follows posts to the cluster, with one promise for posts that are sent together. */
export class PostOutcomes {
  /** The posts that may not have reached the cluster. */
  degraded = 0;
  private readonly groups = new Map<Promise<void>, Group>();

  /** Resolves to the reach of a post; never rejects. */
  follow(published: Promise<void>): Promise<PostResult> {
    const group = this.groups.get(published) ?? this.begin(published);
    group.posts++;
    return group.result;
  }

  /** Resolves when the post has reached the cluster; rejects with the error of the broker. */
  require(published: Promise<void>): Promise<PostResult> {
    return published.then(
      () => GLOBAL,
      (error: unknown) => {
        this.degraded++;
        throw error;
      },
    );
  }

  private begin(published: Promise<void>): Group {
    const result = published.then(
      () => this.end(published, GLOBAL),
      () => {
        this.degraded += group.posts;
        return this.end(published, DEGRADED);
      },
    );
    const group: Group = { result, posts: 0 };
    this.groups.set(published, group);
    return group;
  }

  private end(published: Promise<void>, result: PostResult): PostResult {
    this.groups.delete(published);
    return result;
  }
}
