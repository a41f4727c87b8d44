import { create, PresenceJoined, PresenceLeft } from '@nestwire/protocol';
import type { Clock } from '../delivery/clock.js';
import {
  presenceKey,
  type PresenceDelta,
  type PresenceEntry,
  type PresenceState,
  type PresenceVersion,
} from './presence.backend.js';

/** Who came to a channel, and who left it. */
export type PresenceChange = PresenceJoined | PresenceLeft;

/** What a watch works with. */
export interface WatchSetup {
  readonly channel: string;
  readonly clock: Clock;
  /** How long servers may take to bring back what the cluster has lost, in milliseconds. */
  readonly patienceMs: number;
  readonly read: () => Promise<PresenceState>;
  readonly emit: (change: PresenceChange) => void;
}

const MAX_EARLY = 1_000;

/**
 * Follows who is in a channel, and tells of members, not of connections.
 *
 * It goes from version to version with the deltas; where one is missing it reads the state and tells
 * what differs. Where the cluster has lost the state, those who are missing are given time to return.
 */
export class PresenceWatch {
  #version: PresenceVersion | undefined;
  readonly #entries = new Map<string, PresenceEntry>();
  /** The keys of the connections of each member. */
  readonly #members = new Map<string, Set<string>>();
  /** Keys that were lost with an epoch, and may come back under another one. */
  readonly #lost = new Set<string>();
  #early: PresenceDelta[] = [];
  #reading: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isTold = false;
  /** A read failed: what came meanwhile is not known. */
  #isStale = false;

  constructor(private readonly setup: WatchSetup) {}

  /** Takes a delta, in whichever order they come. */
  take(delta: PresenceDelta): void {
    if (!this.#reading) {
      if (!this.#follow(delta)) void this.read();
    } else if (this.#early.length < MAX_EARLY) this.#early.push(delta);
  }

  /** Compares with the version of the cluster, and reads the state when there is another one. */
  async compare({ epoch, number }: PresenceVersion): Promise<void> {
    const isSame = !this.#isStale && this.#version?.epoch === epoch && this.#version.number === number;
    if (!isSame) await this.read();
  }

  /** Reads the state; what the first one holds is not told. Never rejects. */
  read(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /** Stops the timer. */
  close(): void {
    this.#cancelTimer?.();
  }

  async #read(): Promise<void> {
    try {
      do this.#replace(await this.setup.read());
      while (!this.#early.splice(0).every((delta) => this.#follow(delta)));
    } catch {
      // The next delta or comparison reads again, and still knows which epoch it was.
      this.#isStale = true;
      this.#early = [];
    }
  }

  /** Returns whether the delta leads on from here, or is from before. */
  #follow({ epoch, number, set, removed }: PresenceDelta): boolean {
    const version = this.#version;
    if (!version || this.#isStale || epoch !== version.epoch || number > version.number + 1) return false;
    if (number <= version.number) return true;
    this.#version = { epoch, number };
    this.#apply(set, removed);
    return true;
  }

  #replace({ epoch, number, entries }: PresenceState): void {
    const present = new Set(entries.map(presenceKey));
    const missing = [...this.#entries.keys()].filter((key) => !present.has(key) && !this.#lost.has(key));
    const isLost = this.#version !== undefined && this.#version.epoch !== epoch && missing.length > 0;
    this.#version = { epoch, number };
    this.#isStale = false;
    this.#apply(entries, isLost ? [] : missing);
    if (isLost) this.#waitFor(missing);
    this.#isTold = true;
  }

  #waitFor(keys: readonly string[]): void {
    for (const key of keys) this.#lost.add(key);
    this.#cancelTimer?.();
    this.#cancelTimer = this.setup.clock.after(this.setup.patienceMs, () => {
      const lost = [...this.#lost];
      this.#lost.clear();
      this.#apply([], lost);
    });
  }

  /** Adds before it removes: who has moved to another server has not left. */
  #apply(set: readonly PresenceEntry[], removed: readonly string[]): void {
    for (const entry of set) this.#add(entry);
    for (const key of removed) {
      const entry = this.#entries.get(key);
      this.#entries.delete(key);
      this.#lost.delete(key);
      if (entry) this.#release(key, entry);
    }
  }

  #add(entry: PresenceEntry): void {
    const key = presenceKey(entry);
    const before = this.#entries.get(key);
    this.#entries.set(key, entry);
    this.#lost.delete(key);
    const member = memberOf(entry);
    const keys = this.#members.get(member);
    this.#members.set(member, (keys ?? new Set()).add(key));
    if (!keys) this.#tell(joined(this.setup.channel, entry));
    if (before && memberOf(before) !== member) this.#release(key, before);
  }

  #release(key: string, entry: PresenceEntry): void {
    const member = memberOf(entry);
    const keys = this.#members.get(member);
    if (!keys?.delete(key) || keys.size > 0) return;
    this.#members.delete(member);
    const { id, userId } = entry;
    this.#tell(create(PresenceLeft, { channel: this.setup.channel, id: userId ?? id, userId }));
  }

  #tell(change: PresenceChange): void {
    if (this.#isTold) this.setup.emit(change);
  }
}

/** Returns what a member is counted by: the user, or the connection of nobody. */
export function memberOf({ userId, id }: Pick<PresenceEntry, 'userId' | 'id'>): string {
  return userId === null ? `-${id}` : `+${userId}`;
}

function joined(channel: string, { id, userId, data }: PresenceEntry): PresenceJoined {
  return create(PresenceJoined, {
    channel,
    id: userId ?? id,
    userId,
    ...(data !== '' && { data: JSON.parse(data) as unknown }),
  });
}
