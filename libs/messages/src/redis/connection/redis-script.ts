import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { isReply } from './redis.errors.js';

/** What a script is run on and with. */
export interface ScriptRun {
  readonly client: Redis | Cluster;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** A script that Redis runs in one step, named by its hash. */
export class RedisScript {
  readonly #sha: string;

  constructor(private readonly text: string) {
    this.#sha = createHash('sha1').update(text).digest('hex');
  }

  /** Runs it on the server of the keys; one that has forgotten it gets its text, once. */
  async run(run: ScriptRun): Promise<unknown> {
    const [reply] = await this.runBefore(run, () => undefined);
    return reply;
  }

  /** Runs it, and sends right behind it, on the same connection, what is to follow. */
  async runBefore<T>({ client, keys, args }: ScriptRun, next: () => T | Promise<T>): Promise<[unknown, T]> {
    const parts = [keys.length, ...keys, ...args] as const;
    try {
      return await Promise.all([client.evalsha(this.#sha, ...parts), next()]);
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return Promise.all([client.eval(this.text, ...parts), next()]);
    }
  }
}
