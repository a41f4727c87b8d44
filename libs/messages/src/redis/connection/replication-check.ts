import type { Redis } from 'ioredis';
import type { ResolvedTuning } from './redis.options.js';
import { withinDeadline } from './within-deadline.js';

/** What a check of replication tells its owner. */
export interface ReplicationEvents {
  /** The server is another than before, or is no master any more. */
  readonly replaced: () => void;
  /** The server is no master: whoever it is asked for has to be found anew. */
  readonly notMaster: () => void;
}

/** What a server says about its replication. */
export interface Replication {
  readonly isMaster: boolean;
  /** How many replicas are connected and in step. */
  readonly replicas: number;
  /** Names the branch of the data; another one begins with each failover. */
  readonly branch: string;
}

/** Reads what `INFO replication` answers. */
export function replicationOf(info: string): Replication {
  return {
    isMaster: /^role:master/m.test(info),
    replicas: [...info.matchAll(/^slave\d+:.*state=online/gm)].length,
    branch: /^master_replid:(\w+)/m.exec(info)?.[1] ?? '',
  };
}

/**
 * Looks now and then whether a server is still the one that it was.
 *
 * A server may be restarted, demoted or replaced while its connections stand, and subscriptions may then
 * have missed what was published.
 */
export class ReplicationCheck {
  #seen: string | undefined;
  #checking = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly client: Redis,
    private readonly tuning: ResolvedTuning,
    private readonly events: ReplicationEvents,
  ) {
    client.on('ready', this.#onReady);
    if (client.status === 'ready') this.#onReady();
    this.#schedule();
  }

  /** Stops looking. */
  close(): void {
    this.#closed = true;
    this.client.off('ready', this.#onReady);
    this.#cancelTimer?.();
  }

  readonly #onReady = (): void => void this.#check();

  #schedule(): void {
    const { probeIntervalMs, clock } = this.tuning;
    if (probeIntervalMs === 0) return;
    this.#cancelTimer = clock.after(probeIntervalMs * (0.9 + Math.random() * 0.2), () => {
      this.#schedule();
      void this.#check();
    });
  }

  async #check(): Promise<void> {
    if (this.#checking || this.client.status !== 'ready') return;
    this.#checking = true;
    // A server that does not answer, or does not let us ask, is left to the probe.
    const asking = Promise.all(['replication', 'server'].map((part) => this.client.info(part)));
    const infos = await withinDeadline(asking, this.tuning).catch(() => undefined);
    this.#checking = false;
    if (infos && !this.#closed) this.#compare(infos[0]!, infos[1]!);
  }

  #compare(replicationInfo: string, serverInfo: string): void {
    const { isMaster, branch } = replicationOf(replicationInfo);
    const run = /^run_id:(\w+)/m.exec(serverInfo)?.[1] ?? '';
    const seen = `${isMaster} ${branch} ${run}`;
    const isReplaced = this.#seen !== undefined && seen !== this.#seen;
    this.#seen = seen;
    if (isReplaced) this.events.replaced();
    if (!isMaster) this.events.notMaster();
  }
}
