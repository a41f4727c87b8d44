import type { Redis } from 'ioredis';
import type { ResolvedTuning } from './redis.options.js';
import { withinDeadline } from './within-deadline.js';

/** The events that a replication check reports to its owner. */
export interface ReplicationEvents {
  /** The server was replaced, restarted or demoted. */
  readonly replaced: () => void;
  /** The server is not a master; the master must be located again. */
  readonly notMaster: () => void;
}

/** The replication state of a server. */
export interface Replication {
  readonly isMaster: boolean;
  /** The number of replicas that are online. */
  readonly replicas: number;
  /** The id of the timeline; each failover starts another one. */
  readonly timeline: string;
}

/** Parses the reply of `INFO replication`. */
export function replicationOf(info: string): Replication {
  return {
    isMaster: /^role:master/m.test(info),
    replicas: [...info.matchAll(/^slave\d+:.*state=online/gm)].length,
    timeline: /^master_replid:(\w+)/m.exec(info)?.[1] ?? '',
  };
}

/**
 * Checks periodically that a server is still the same master.
 *
 * A server may be restarted, demoted or replaced while its connections stay open. Subscriptions may then
 * have missed publications.
 */
export class ReplicationCheck {
  private seen: string | undefined;
  private checking = false;
  private closed = false;
  private cancelTimer: (() => void) | undefined;

  constructor(
    private readonly client: Redis,
    private readonly tuning: ResolvedTuning,
    private readonly events: ReplicationEvents,
  ) {
    client.on('ready', this.onReady);
    if (client.status === 'ready') this.onReady();
    this.schedule();
  }

  /** Stops the checks. */
  close(): void {
    this.closed = true;
    this.client.off('ready', this.onReady);
    this.cancelTimer?.();
  }

  private readonly onReady = (): void => void this.check();

  private schedule(): void {
    const { probeIntervalMs, clock } = this.tuning;
    if (probeIntervalMs === 0) return;
    this.cancelTimer = clock.after(probeIntervalMs * (0.9 + Math.random() * 0.2), () => {
      this.schedule();
      void this.check();
    });
  }

  private async check(): Promise<void> {
    if (this.checking || this.client.status !== 'ready') return;
    this.checking = true;
    // The probe covers a server that does not reply or refuses the command.
    const requests = Promise.all([this.client.info('replication'), this.client.info('server')]);
    const infos = await withinDeadline(requests, this.tuning).catch(() => undefined);
    this.checking = false;
    if (infos && !this.closed) this.compare(...infos);
  }

  private compare(replicationInfo: string, serverInfo: string): void {
    const { isMaster, timeline } = replicationOf(replicationInfo);
    const run = /^run_id:(\w+)/m.exec(serverInfo)?.[1] ?? '';
    const seen = `${isMaster} ${timeline} ${run}`;
    const isReplaced = this.seen !== undefined && seen !== this.seen;
    this.seen = seen;
    if (isReplaced) this.events.replaced();
    if (!isMaster) this.events.notMaster();
  }
}
