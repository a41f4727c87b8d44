import type { Redis } from 'ioredis';
import { replicationOf } from './replication.check.js';
import type { ResolvedTuning } from './redis.options.js';
import { unavailable, uncertain } from './redis.errors.js';
import type { RedisScript, ScriptRun } from './redis.script.js';

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
    const { clock, commandTimeoutMs } = this.tuning;
    const deadlineMs = clock.now() + commandTimeoutMs;
    const client = await this.#connected();
    if (this.#replicas === 0) throw unavailable('No replica of Redis is connected');
    if (clock.now() >= deadlineMs) throw unavailable('Redis did not answer in time');
    const wanted = this.#replicas;
    const [reply, [info, acknowledged]] = await script.runBefore({ client, keys, args }, () =>
      Promise.all([
        client.info('replication'),
        client.wait(wanted, Math.ceil((deadlineMs - clock.now()) * WAIT_SHARE)),
      ]),
    );
    // Asked behind the script: a replica that has come since counts too.
    this.#replicas = replicationOf(info).replicas;
    if (acknowledged >= wanted && this.#replicas <= wanted) return reply;
    throw uncertain(new Error(`${acknowledged} of ${Math.max(wanted, this.#replicas)} replicas have it`));
  }

  /** Drops the connection; the next write makes a new one. */
  reset(): void {
    this.#client?.disconnect();
    this.#client = this.#ready = undefined;
  }

  async #connected(): Promise<Redis> {
    const client = await (this.#ready ??= this.#connect()).catch((error: Error) => {
      this.reset();
      throw unavailable('Redis cannot be reached', error);
    });
    if (this.#replicas === 0) await this.#learn(client);
    return client;
  }

  async #connect(): Promise<Redis> {
    const client = (this.#client = this.open());
    client.on('error', () => undefined);
    client.on('end', () => {
      if (client === this.#client) this.reset();
    });
    await client.connect();
    await this.#learn(client);
    return client;
  }

  async #learn(client: Redis): Promise<void> {
    this.#replicas = replicationOf(await client.info('replication')).replicas;
  }
}
