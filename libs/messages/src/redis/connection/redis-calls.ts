import type { Cluster, Redis } from 'ioredis';
import { deferred } from '../../scheduling/deferred.js';
import type { ResolvedTuning } from './redis.options.js';

/** Sends commands with a deadline for the reply. */
export class RedisCalls {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: Pick<ResolvedTuning, 'clock' | 'commandTimeoutMs'>,
  ) {}

  /** Sends a command; rejects when it fails or exceeds the deadline. */
  async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const { clock, commandTimeoutMs } = this.tuning;
    const late = deferred<never>();
    const cancel = clock.after(commandTimeoutMs, () =>
      late.reject(new Error(`no reply within ${commandTimeoutMs} ms`)),
    );
    try {
      // A Cluster client has the same commands and selects the node by the key.
      return await Promise.race([command(this.client as Redis), late.promise]);
    } finally {
      cancel();
    }
  }
}
