import type { Cluster, Redis } from 'ioredis';
import { ClaimStore, type Claim, type ClaimedWork } from '../../once/claim-store.js';
import { MessagesError, MessagesErrorCode } from '../../messages.error.js';
import type { ResolvedTuning } from '../connection/redis.options.js';

const RUNNING = 'r';
/** The prefix of a result; it keeps a result from being read as running work. */
const SETTLED = 's';

/** Stores claims in Redis: one key for each piece of work, `<prefix>:o:{<id>}`. */
export class RedisClaimStore extends ClaimStore {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
  }

  async claim({ id, ttlMs }: ClaimedWork): Promise<Claim> {
    const key = this.keyOf(id);
    try {
      const claimed = await this.inTime(this.client.set(key, RUNNING, 'PX', ttlMs, 'NX'));
      if (claimed === 'OK') return 'claimed';
      const value = await this.inTime(this.client.get(key));
      // Any other value was not written by a claim. The outcome of the work is unknown, so it counts as running.
      return value?.startsWith(SETTLED) ? { result: value.slice(SETTLED.length) } : 'running';
    } catch (cause) {
      throw unavailable(cause as Error);
    }
  }

  async settle({ id, ttlMs }: ClaimedWork, result: string): Promise<void> {
    const settling = this.inTime(this.client.set(this.keyOf(id), SETTLED + result, 'PX', ttlMs));
    await settling.catch(() => undefined);
  }

  private keyOf(id: string): string {
    return `${this.tuning.prefix}:o:{${id}}`;
  }

  /** Adds a deadline, because a given client may have none for its commands. */
  private inTime<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { clock, commandTimeoutMs } = this.tuning;
      const late = () => reject(new Error(`no reply within ${commandTimeoutMs} ms`));
      const cancel = clock.after(commandTimeoutMs, late);
      void reply.then(resolve, reject).finally(cancel);
    });
  }
}

function unavailable({ name, message }: Error): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Unavailable,
    'Redis cannot confirm that this is the first attempt; it was not handled now. Try again later.',
    // The copy omits the command that ioredis adds to its errors.
    { cause: Object.assign(new Error(message), { name }) },
  );
}
