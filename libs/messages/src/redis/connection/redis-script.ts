import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { isReply } from './redis.errors.js';

/** The client, keys and arguments of one script run. */
export interface ScriptRun {
  readonly client: Redis | Cluster;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** A script that Redis runs atomically; it is identified by its hash. */
export class RedisScript {
  private readonly sha: string;

  constructor(private readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }

  /** Runs the script on the server of its keys; sends the text once to a server that lacks it. */
  async run(run: ScriptRun): Promise<unknown> {
    const [reply] = await this.runBefore(run, () => undefined);
    return reply;
  }

  /** Runs the script, and sends `next` directly after it on the same connection. */
  async runBefore<T>({ client, keys, args }: ScriptRun, next: () => T | Promise<T>): Promise<[unknown, T]> {
    const parts = [keys.length, ...keys, ...args] as const;
    try {
      return await Promise.all([client.evalsha(this.sha, ...parts), next()]);
    } catch (error) {
      if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return Promise.all([client.eval(this.text, ...parts), next()]);
    }
  }
}
