import type { Cluster, Redis } from 'ioredis';
import { ClaimStore, type Claim, type ClaimedWork } from '../../once/claim-store.js';
import { MessagesError, MessagesErrorCode } from '../../messages.error.js';
import type { ResolvedTuning } from '../connection/redis.options.js';

const RUNNING = 'r';
/** Stands before a result, so that none can be taken for running work. */
const SETTLED = 's';

/** Claims in Redis: one key a piece of work, `<prefix>:o:{<id>}`. */
export class RedisClaimStore extends ClaimStore {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly tuning: ResolvedTuning,
  ) {
    super();
  }

  async claim({ id, ttlMs }: ClaimedWork): Promise<Claim> {
    const key = this.#keyOf(id);
    try {
      const claimed = await this.#inTime(this.client.set(key, RUNNING, 'PX', ttlMs, 'NX'));
      if (claimed === 'OK') return 'claimed';
      const value = await this.#inTime(this.client.get(key));
      // What is neither was not written by a claim: nobody knows what became of the work.
      return value?.startsWith(SETTLED) ? { result: value.slice(SETTLED.length) } : 'running';
    } catch (cause) {
      throw unavailable(cause as Error);
    }
  }

  async settle({ id, ttlMs }: ClaimedWork, result: string): Promise<void> {
    const settling = this.#inTime(this.client.set(this.#keyOf(id), SETTLED + result, 'PX', ttlMs));
    await settling.catch(() => undefined);
  }

  #keyOf(id: string): string {
    return `${this.tuning.prefix}:o:{${id}}`;
  }

  /** A client of the application's own may have no deadline for its commands. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { clock, commandTimeoutMs } = this.tuning;
      const late = () => reject(new Error(`no answer within ${commandTimeoutMs} ms`));
      const cancel = clock.after(commandTimeoutMs, late);
      void answer.then(resolve, reject).finally(cancel);
    });
  }
}

function unavailable({ name, message }: Error): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Unavailable,
    'Redis cannot be asked whether this was handled already; it was not handled now.',
    // Without the command, which ioredis puts into its errors.
    { cause: Object.assign(new Error(message), { name }) },
  );
}
