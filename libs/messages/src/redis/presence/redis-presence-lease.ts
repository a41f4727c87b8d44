import { randomBytes } from 'node:crypto';
import type { Clock } from '../../scheduling/clock.js';
import { isServerName } from '../../presence/presence-shape.js';
import { PRESENCE_TTL_MS, type PresenceKeys } from './redis-presence-keys.js';
import { addToSet } from '../connection/add-to-set.js';
import type { RedisCalls } from '../connection/redis-calls.js';

const RENEWALS_PER_LEASE = 3;
/** A second look comes a whole renewal later, so that a server that has just come back can renew. */
const PATIENCE = 0.9;
/** The most lost servers that one reading reports; the next reading reports the others. */
const MAX_REPORTS = 16;

/** The most servers that one look asks for; of more, each look takes others. */
const MAX_SERVERS = 1_000;
/** The most servers that one look has cleaned up. */
const MAX_CLAIMS = 100;

/** What a lease works with. */
export interface LeaseSetup {
  readonly calls: RedisCalls;
  readonly keys: PresenceKeys;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** The lease had run out: the process has another name, and nothing of the former server's counts any more. */
  readonly replaced: (former: string) => void;
  /** A server has died, and this one is to clean up after it and then to call `forget`. */
  readonly died: (server: string) => void;
  /** Redis has answered: what it does not know yet can be tried again. */
  readonly checked: () => void;
}

/**
 * Keeps the lease of this process, and finds the processes without one.
 *
 * A lease that has run out is never taken up again: the process goes on under another name, so that
 * whoever cleans up after the former one can take nothing from the present.
 */
export class PresenceLease {
  #server = newName();
  #isHeld = false;
  #acquiring: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;
  /** Servers without a lease, and since when that is known. */
  #lost = new Map<string, number>();
  #checking: Promise<void> | undefined;

  constructor(private readonly setup: LeaseSetup) {}

  /** The name of this process, as long as its lease lasts. */
  get server(): string {
    return this.#server;
  }

  /** Begins to look after the others, if it has not. */
  start(): void {
    if (!this.#cancelTimer && !this.#isClosed) this.#schedule();
  }

  /** Resolves when the lease is held; rejects when Redis cannot be reached. */
  async acquire(): Promise<void> {
    this.start();
    if (!this.#isHeld)
      await (this.#acquiring ??= this.#acquire().finally(() => (this.#acquiring = undefined)));
  }

  /** Renews and looks at once, as after an outage; who is silent gets another chance. */
  async checkNow(): Promise<void> {
    this.#lost.clear();
    await this.#checkOnce();
  }

  /** Gives the lease back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    const { calls, keys } = this.setup;
    await calls.run((client) => client.del(keys.leaseOf(this.#server)));
    await calls.run((client) => client.del(keys.channelsOf(this.#server)));
    await calls.run((client) => client.srem(keys.servers, this.#server));
  }

  #schedule(): void {
    const { clock, leaseMs } = this.setup;
    this.#cancelTimer = clock.after(leaseMs / RENEWALS_PER_LEASE, () => {
      void this.#checkOnce().then(() => !this.#isClosed && this.#schedule());
    });
  }

  #checkOnce(): Promise<void> {
    return (this.#checking ??= this.#renewAndCheck().finally(() => (this.#checking = undefined)));
  }

  /** Never rejects: what fails is tried at the next turn. */
  async #renewAndCheck(): Promise<void> {
    try {
      if (this.#isHeld) await this.#renew();
      if (!this.#isClosed) await this.#claimLost();
      this.setup.checked();
    } catch {
      this.#lost.clear();
    }
  }

  async #acquire(): Promise<void> {
    const { calls, keys, leaseMs } = this.setup;
    const server = this.#server;
    // Known before it lives, so that nobody can die unknown.
    await addToSet(calls, keys.servers, server);
    await calls.run((client) => client.pexpire(keys.servers, PRESENCE_TTL_MS));
    await calls.run((client) => client.set(keys.leaseOf(server), '1', 'PX', leaseMs));
    this.#isHeld = true;
  }

  async #renew(): Promise<void> {
    const { calls, keys, leaseMs, replaced } = this.setup;
    // Redis may have evicted the set of servers, and then nobody would clean up after this one.
    await addToSet(calls, keys.servers, this.#server);
    await calls.run((client) => client.pexpire(keys.servers, PRESENCE_TTL_MS));
    await calls.run((client) => client.pexpire(keys.channelsOf(this.#server), PRESENCE_TTL_MS));
    const renewed = await calls.run((client) =>
      client.set(keys.leaseOf(this.#server), '1', 'PX', leaseMs, 'XX'),
    );
    if (renewed !== null || this.#isClosed) return;
    const former = this.#server;
    this.#server = newName();
    this.#isHeld = false;
    replaced(former);
  }

  async #claimLost(): Promise<void> {
    const { calls, keys, clock, leaseMs, died } = this.setup;
    const names = await calls.run((client) => client.srandmember(keys.servers, MAX_SERVERS));
    const others = names.filter((name) => name !== this.#server && isServerName(name));
    const junk = names.filter((name) => !isServerName(name));
    // Else junk takes the places of servers in each look.
    if (junk.length > 0) await calls.run((client) => client.srem(keys.servers, ...junk));
    const silent = (await this.findLost(others)).values();
    const nowMs = clock.now();
    this.#lost = new Map([...silent].map((name) => [name, this.#lost.get(name) ?? nowMs]));
    let claims = 0;
    for (const [name, sinceMs] of this.#lost) {
      if (claims === MAX_CLAIMS) return;
      if (nowMs - sinceMs < (leaseMs / RENEWALS_PER_LEASE) * PATIENCE) continue;
      const claimed = await calls.run((client) =>
        client.set(keys.claimOf(name), this.#server, 'PX', leaseMs, 'NX'),
      );
      if (claimed === null) continue;
      claims++;
      died(name);
    }
  }

  /** Removes what is known of a server, when nothing of it is left in channels. */
  async forget(server: string): Promise<void> {
    const { calls, keys } = this.setup;
    await calls.run((client) => client.del(keys.channelsOf(server)));
    await calls.run((client) => client.srem(keys.servers, server));
  }

  /**
   * Makes sure that somebody cleans up after lost servers that have connections in a channel.
   *
   * A server that is known or claimed is cleaned up already. Redis may have evicted what was known of the others.
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

  /** Returns which of these servers have no lease. */
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
