import type { Redis } from 'ioredis';
import { replicationOf } from '../connection/replication-check.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { isReply, unavailable, uncertain } from '../connection/redis.errors.js';
import type { RedisScript, ScriptRun } from '../connection/redis-script.js';
import { withinDeadline } from '../connection/within-deadline.js';

/** How much of a command's time the replicas have; the rest is for its way. */
const WAIT_SHARE = 0.8;

/**
 * Writes to a server, and waits until all its replicas have it.
 *
 * `WAIT` holds up what comes behind it on its connection, and counts what that connection wrote: so there
 * is one apart, and it follows right behind the script.
 */
export class ReplicatedWriter {
  #client: Redis | undefined;
  #ready: Promise<Redis> | undefined;
  #replicas = 0;

  /** @param open makes a client that neither connects nor reconnects by itself */
  constructor(
    private readonly open: () => Redis,
    private readonly tuning: ResolvedTuning,
  ) {}

  /**
   * Runs a script; resolves to its reply when every replica has what it wrote.
   *
   * @throws {MessagesError} UNAVAILABLE when it did not run, UNCERTAIN when a replica may lack it
   * @throws {Error} what the script failed with
   */
  async run(script: RedisScript, { keys, args }: Omit<ScriptRun, 'client'>): Promise<unknown> {
    const client = await this.#connected();
    if (this.#replicas === 0) throw unavailable('No replica of Redis is connected');
    try {
      return await withinDeadline(this.#runOn(script, { client, keys, args }), this.tuning);
    } catch (error) {
      // What comes behind it would wait for replicas that do not answer.
      if (!isReply(error)) this.#drop(client);
      throw error;
    }
  }

  /** Drops the connection; the next write makes a new one. */
  reset(): void {
    if (this.#client) this.#drop(this.#client);
  }

  async #runOn(script: RedisScript, run: ScriptRun & { readonly client: Redis }): Promise<unknown> {
    const desired = this.#replicas;
    const [reply, [info, acknowledged]] = await script.runBefore(run, () => this.#wait(run.client, desired));
    // Asked behind the script: a replica that has come since counts too.
    this.#replicas = replicationOf(info).replicas;
    if (acknowledged >= desired && this.#replicas <= desired) return reply;
    throw uncertain(new Error(`${acknowledged} of ${Math.max(desired, this.#replicas)} replicas have it`));
  }

  #wait(client: Redis, replicas: number): Promise<[string, number]> {
    const timeoutMs = Math.ceil(this.tuning.commandTimeoutMs * WAIT_SHARE);
    return Promise.all([client.info('replication'), client.wait(replicas, timeoutMs)]).catch(
      (error: Error) => {
        // Refused or lost: the script before it may have run.
        throw uncertain(error);
      },
    );
  }

  async #connected(): Promise<Redis> {
    const ready = (this.#ready ??= this.#connect());
    try {
      const client = await withinDeadline(ready, this.tuning);
      if (this.#replicas === 0) await withinDeadline(this.#learn(client), this.tuning);
      return client;
    } catch (error) {
      if (ready === this.#ready) this.reset();
      throw unavailable('Redis cannot be reached', error as Error);
    }
  }

  async #connect(): Promise<Redis> {
    const client = (this.#client = this.open());
    client.on('error', () => undefined);
    client.on('end', () => this.#drop(client));
    await client.connect();
    await this.#learn(client);
    return client;
  }

  async #learn(client: Redis): Promise<void> {
    this.#replicas = replicationOf(await client.info('replication')).replicas;
  }

  #drop(client: Redis): void {
    if (client === this.#client) this.#client = this.#ready = undefined;
    if (client.status !== 'end') client.disconnect();
  }
}
