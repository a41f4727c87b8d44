import type { Redis } from 'ioredis';
import { replicationOf } from '../connection/replication-check.js';
import type { ResolvedTuning } from '../connection/redis.options.js';
import { isReply, unavailable, uncertain } from '../connection/redis.errors.js';
import type { RedisScript, ScriptRun } from '../connection/redis-script.js';
import { withinDeadline } from '../connection/within-deadline.js';

/** The share of a command's deadline that replicas may use; the rest is for the network. */
const WAIT_SHARE = 0.8;

/**
 * Writes to a server, and waits until all its replicas have the write.
 *
 * `WAIT` blocks later commands of its connection, and covers only the writes of that connection. So the
 * writer has its own connection, and sends `WAIT` directly after the script.
 */
export class ReplicatedWriter {
  private client: Redis | undefined;
  private ready: Promise<Redis> | undefined;
  private replicas = 0;

  /** @param open creates a client that neither connects nor reconnects by itself */
  constructor(
    private readonly open: () => Redis,
    private readonly tuning: ResolvedTuning,
  ) {}

  /**
   * Runs a script; resolves to its reply when every replica has its writes.
   *
   * @throws {MessagesError} UNAVAILABLE when it did not run, UNCERTAIN when a replica may lack the writes
   * @throws {Error} when the script fails
   */
  async run(script: RedisScript, { keys, args }: Omit<ScriptRun, 'client'>): Promise<unknown> {
    const client = await this.connected();
    if (this.replicas === 0) throw unavailable('No replica of Redis is connected');
    try {
      return await withinDeadline(this.runOn(script, { client, keys, args }), this.tuning);
    } catch (error) {
      // Later writes on this connection would wait for the same replicas.
      if (!isReply(error)) this.drop(client);
      throw error;
    }
  }

  /** Drops the connection; the next write makes a new one. */
  reset(): void {
    if (this.client) this.drop(this.client);
  }

  private async runOn(script: RedisScript, run: ScriptRun & { readonly client: Redis }): Promise<unknown> {
    const desired = this.replicas;
    const [reply, [info, acknowledged]] = await script.runBefore(run, () => this.wait(run.client, desired));
    // The reply follows the script, so a replica that connected since then counts too.
    this.replicas = replicationOf(info).replicas;
    if (acknowledged >= desired && this.replicas <= desired) return reply;
    throw uncertain(
      new Error(`${acknowledged} of ${Math.max(desired, this.replicas)} replicas have the write`),
    );
  }

  private wait(client: Redis, replicas: number): Promise<[string, number]> {
    const timeoutMs = Math.ceil(this.tuning.commandTimeoutMs * WAIT_SHARE);
    return Promise.all([client.info('replication'), client.wait(replicas, timeoutMs)]).catch(
      (error: Error) => {
        // The script before it may have run, although WAIT was refused or lost.
        throw uncertain(error);
      },
    );
  }

  private async connected(): Promise<Redis> {
    const ready = (this.ready ??= this.connect());
    try {
      const client = await withinDeadline(ready, this.tuning);
      if (this.replicas === 0) await withinDeadline(this.readReplicas(client), this.tuning);
      return client;
    } catch (error) {
      if (ready === this.ready) this.reset();
      throw unavailable('Redis cannot be reached', error as Error);
    }
  }

  private async connect(): Promise<Redis> {
    const client = (this.client = this.open());
    client.on('error', () => undefined);
    client.on('end', () => this.drop(client));
    await client.connect();
    await this.readReplicas(client);
    return client;
  }

  private async readReplicas(client: Redis): Promise<void> {
    this.replicas = replicationOf(await client.info('replication')).replicas;
  }

  private drop(client: Redis): void {
    if (client === this.client) this.client = this.ready = undefined;
    if (client.status !== 'end') client.disconnect();
  }
}
