import type { Cluster, Redis } from 'ioredis';
import { deferred } from '../../scheduling/deferred.js';
import type { ResolvedTuning } from './redis.options.js';

/** Sends commands that wait for their answer no longer than they may. */
export class RedisCalls {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: Pick<ResolvedTuning, 'clock' | 'commandTimeoutMs'>,
  ) {}

  /** Sends a command; rejects when it failed, or was not answered in time. */
  async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const { clock, commandTimeoutMs } = this.tuning;
    const late = deferred<never>();
    const cancel = clock.after(commandTimeoutMs, () =>
      late.reject(new Error(`no answer within ${commandTimeoutMs} ms`)),
    );
    try {
      // A Cluster has the same commands, and finds the node by the key.
      return await Promise.race([command(this.client as Redis), late.promise]);
    } finally {
      cancel();
    }
  }
}
