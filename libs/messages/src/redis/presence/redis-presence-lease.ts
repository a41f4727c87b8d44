import { randomBytes } from 'node:crypto';
import type { Clock } from '../../scheduling/clock.js';
import { isServerName } from '../../presence/presence-shape.js';
import { PRESENCE_TTL_MS, type PresenceKeys } from './redis-presence-keys.js';
import { addToSet } from '../connection/add-to-set.js';
import type { RedisCalls } from '../connection/redis-calls.js';

const RENEWALS_PER_LEASE = 3;
/** The least time between two checks of a silent server, in renewals; it can renew its lease in between. */
const PATIENCE = 0.9;
/** The most lost servers that one read reports; the next read reports the others. */
const MAX_REPORTS = 16;

/** The most servers of one check; a check of more servers selects them at random. */
const MAX_SERVERS = 1_000;
/** The most dead servers that one check claims. */
const MAX_CLAIMS = 100;

/** The settings and the callbacks of a lease. */
export interface LeaseSetup {
  readonly calls: RedisCalls;
  readonly keys: PresenceKeys;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Called after the lease has expired; the process has a new name, and the former records are void. */
  readonly replaced: (former: string) => void;
  /** Called when this process must clean up after a dead server, and then call `forget`. */
  readonly died: (server: string) => void;
  /** Called after each successful check. */
  readonly checked: () => void;
}

/**
 * Renews the lease of this process, and finds processes without a lease.
 *
 * An expired lease is not renewed: the process continues with a new name. So a cleanup after the former name
 * cannot remove present connections.
 */
export class PresenceLease {
  private serverName = newName();
  private isHeld = false;
  private acquiring: Promise<void> | undefined;
  private cancelTimer: (() => void) | undefined;
  private isClosed = false;
  /** The servers without a lease, with the times of their detection. */
  private lost = new Map<string, number>();
  private checking: Promise<void> | undefined;

  constructor(private readonly setup: LeaseSetup) {}

  /** The present name of this process. */
  get server(): string {
    return this.serverName;
  }

  /** Starts the checks of other servers; a second call changes nothing. */
  start(): void {
    if (!this.cancelTimer && !this.isClosed) this.schedule();
  }

  /** Resolves when this process has a lease; rejects when Redis cannot be reached. */
  async acquire(): Promise<void> {
    this.start();
    if (!this.isHeld)
      await (this.acquiring ??= this.acquireNow().finally(() => (this.acquiring = undefined)));
  }

  /** Renews the lease and checks the servers now, after an outage; silent servers get more time. */
  async checkNow(): Promise<void> {
    this.lost.clear();
    await this.checkOnce();
  }

  /** Removes the lease. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.cancelTimer?.();
    if (!this.isHeld) return;
    this.isHeld = false;
    const { calls, keys } = this.setup;
    await calls.run((client) => client.del(keys.leaseOf(this.serverName)));
    await calls.run((client) => client.del(keys.channelsOf(this.serverName)));
    await calls.run((client) => client.srem(keys.servers, this.serverName));
  }

  private schedule(): void {
    const { clock, leaseMs } = this.setup;
    this.cancelTimer = clock.after(leaseMs / RENEWALS_PER_LEASE, () => {
      void this.checkOnce().then(() => !this.isClosed && this.schedule());
    });
  }

  private checkOnce(): Promise<void> {
    return (this.checking ??= this.renewAndCheck().finally(() => (this.checking = undefined)));
  }

  /** Renews and checks; never rejects, because the next turn repeats a failed check. */
  private async renewAndCheck(): Promise<void> {
    try {
      if (this.isHeld) await this.renew();
      if (!this.isClosed) await this.claimLost();
      this.setup.checked();
    } catch {
      this.lost.clear();
    }
  }

  private async acquireNow(): Promise<void> {
    const { calls, keys, leaseMs } = this.setup;
    const server = this.serverName;
    // Register the server before its lease starts, so that a crash in between is noticed.
    await addToSet(calls, keys.servers, server);
    await calls.run((client) => client.pexpire(keys.servers, PRESENCE_TTL_MS));
    await calls.run((client) => client.set(keys.leaseOf(server), '1', 'PX', leaseMs));
    this.isHeld = true;
  }

  private async renew(): Promise<void> {
    const { calls, keys, leaseMs, replaced } = this.setup;
    // Redis may have evicted the set of servers; without an entry, no process would clean up after this one.
    await addToSet(calls, keys.servers, this.serverName);
    await calls.run((client) => client.pexpire(keys.servers, PRESENCE_TTL_MS));
    await calls.run((client) => client.pexpire(keys.channelsOf(this.serverName), PRESENCE_TTL_MS));
    const renewed = await calls.run((client) =>
      client.set(keys.leaseOf(this.serverName), '1', 'PX', leaseMs, 'XX'),
    );
    if (renewed !== null || this.isClosed) return;
    const former = this.serverName;
    this.serverName = newName();
    this.isHeld = false;
    replaced(former);
  }

  private async claimLost(): Promise<void> {
    const { calls, keys, clock, leaseMs, died } = this.setup;
    const names = await calls.run((client) => client.srandmember(keys.servers, MAX_SERVERS));
    const others = names.filter((name) => name !== this.serverName && isServerName(name));
    const malformed = names.filter((name) => !isServerName(name));
    // Malformed names would take the places of servers in each check.
    if (malformed.length > 0) await calls.run((client) => client.srem(keys.servers, ...malformed));
    const silent = (await this.findLost(others)).values();
    const nowMs = clock.now();
    this.lost = new Map([...silent].map((name) => [name, this.lost.get(name) ?? nowMs]));
    let claims = 0;
    for (const [name, sinceMs] of this.lost) {
      if (claims === MAX_CLAIMS) return;
      if (nowMs - sinceMs < (leaseMs / RENEWALS_PER_LEASE) * PATIENCE) continue;
      const claimed = await calls.run((client) =>
        client.set(keys.claimOf(name), this.serverName, 'PX', leaseMs, 'NX'),
      );
      if (claimed === null) continue;
      claims++;
      died(name);
    }
  }

  /** Removes a server, after its connections. */
  async forget(server: string): Promise<void> {
    const { calls, keys } = this.setup;
    await calls.run((client) => client.del(keys.channelsOf(server)));
    await calls.run((client) => client.srem(keys.servers, server));
  }

  /**
   * Registers lost servers with connections in a channel for a cleanup.
   *
   * A registered or claimed server needs nothing. The keys of the others may have been evicted.
   */
  async report(lost: ReadonlySet<string>, channel: string): Promise<void> {
    const { calls, keys } = this.setup;
    for (const name of [...lost].slice(0, MAX_REPORTS)) {
      const isKnown = await calls.run((client) => client.sismember(keys.servers, name));
      const isClaimed = await calls.run((client) => client.exists(keys.claimOf(name)));
      if (isKnown + isClaimed > 0) continue;
      await addToSet(calls, keys.channelsOf(name), channel);
      await calls.run((client) => client.pexpire(keys.channelsOf(name), PRESENCE_TTL_MS));
      await addToSet(calls, keys.servers, name);
    }
  }

  /** Returns the servers without a lease. */
  async findLost(servers: readonly string[]): Promise<Set<string>> {
    const { calls, keys } = this.setup;
    const found = await Promise.all(
      servers.map((name) => calls.run((client) => client.exists(keys.leaseOf(name)))),
    );
    return new Set(servers.filter((_, index) => found[index] === 0));
  }
}

function newName(): string {
  return randomBytes(9).toString('base64url');
}
