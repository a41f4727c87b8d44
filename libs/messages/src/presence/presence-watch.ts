import { create, PresenceJoined, PresenceLeft, PresenceUpdated } from '@nestwire/protocol';
import type { Clock } from '../scheduling/clock.js';
import { MemberPages, type MemberPage } from './member-pages.js';
import { byJoin, MemberTable, type MemberChange } from './member-table.js';
import {
  presenceKey,
  type PresenceDelta,
  type PresenceState,
  type PresenceVersion,
} from './presence-store.js';

/** A member that joined a channel, or left it. */
export type PresenceChange = PresenceJoined | PresenceLeft;

/** A change as a watch reports it, with the position of its member. */
export interface WatchedChange {
  readonly message: PresenceChange | PresenceUpdated;
  /** The position of the member among all, as pages count them. */
  readonly order: number;
}

/** What a watch works with. */
export interface WatchSetup {
  readonly channel: string;
  readonly clock: Clock;
  /** How long servers may take to bring back what the cluster has lost, in milliseconds. */
  readonly patienceMs: number;
  readonly read: () => Promise<PresenceState>;
  readonly emit: (change: WatchedChange) => void;
  /** The members are to be read from the first page on: they are known now, or the cluster had lost them. */
  readonly renewed: () => void;
}

const MAX_EARLY = 1_000;
/** The most reads within a period; bounds the cost of malformed notices. */
const READS_PER_PERIOD = 5;
const PERIOD_MS = 200;

/**
 * Follows the members of a channel.
 *
 * It goes from version to version with the deltas. Where a delta is missing it reads the state and reports the
 * difference, a few times at once and then with pauses. Where the cluster has lost the state, the missing
 * connections are given time to return.
 */
export class PresenceWatch {
  #version: PresenceVersion | undefined;
  readonly #table = new MemberTable();
  readonly #pages: MemberPages;
  #early: PresenceDelta[] = [];
  #reading: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelRead: (() => void) | undefined;
  #isClosed = false;
  /** When the period of reads began, and how many it had. */
  #periodAt = -Infinity;
  #periodReads = 0;
  /** A read failed: what came meanwhile is not known. */
  #isStale = false;

  constructor(private readonly setup: WatchSetup) {
    this.#pages = new MemberPages(setup.channel, (order) => this.#table.after(order));
  }

  /** Whether the state has been read once. */
  get isReady(): boolean {
    return this.#version !== undefined;
  }

  /** Returns the page of members that begins behind a position; call it when the watch is ready. */
  pageAfter(order: number): MemberPage {
    return this.#pages.after(order);
  }

  /** Takes a delta, in whichever order they come. */
  take(delta: PresenceDelta): void {
    if (!this.#reading) {
      if (!this.#follow(delta)) this.doubt();
    } else if (this.#early.length < MAX_EARLY) this.#early.push(delta);
  }

  /** Reads the state because of a notice that does not lead on: a few times at once, then with pauses. */
  doubt(): void {
    if (this.#reading) return;
    if (this.#mayRead()) void this.read();
    else this.#readLater();
  }

  /** Compares with the version of the cluster, and reads the state when there is another one. */
  async compare({ epoch, number }: PresenceVersion): Promise<void> {
    const isSame = !this.#isStale && this.#version?.epoch === epoch && this.#version.number === number;
    if (!isSame) await this.read();
  }

  /** Reads the state, and reports how it differs from the known one. Never rejects. */
  read(): Promise<void> {
    return (this.#reading ??= this.#read().finally(() => (this.#reading = undefined)));
  }

  /** Stops the timers. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRead?.();
    this.#cancelTimer?.();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        this.#replace(await this.setup.read());
        if (this.#early.splice(0).every((delta) => this.#follow(delta))) return;
        if (!this.#mayRead()) return this.#readLater();
      }
    } catch {
      // The next delta or comparison reads again, and still knows which epoch it was.
      this.#isStale = true;
      this.#early = [];
    }
  }

  /** Counts a read because of a notice; returns whether it may be made at once. */
  #mayRead(): boolean {
    const nowMs = this.setup.clock.now();
    if (nowMs - this.#periodAt >= PERIOD_MS) {
      this.#periodAt = nowMs;
      this.#periodReads = 0;
    }
    return this.#periodReads++ < READS_PER_PERIOD;
  }

  /** Reads when the period is over; what comes until then is in that state. */
  #readLater(): void {
    const { clock } = this.setup;
    this.#isStale = true;
    if (this.#isClosed) return;
    this.#cancelRead ??= clock.after(this.#periodAt + PERIOD_MS - clock.now(), () => {
      this.#cancelRead = undefined;
      this.doubt();
    });
  }

  /** Returns whether the delta leads on from here, or is from before. */
  #follow({ epoch, number, set, removed }: PresenceDelta): boolean {
    const version = this.#version;
    if (!version || this.#isStale || epoch !== version.epoch || number > version.number + 1) return false;
    if (number <= version.number) return true;
    this.#version = { epoch, number };
    for (const entry of set) this.#table.set(entry);
    for (const key of removed) this.#table.remove(key);
    this.#report();
    return true;
  }

  #replace({ epoch, number, entries }: PresenceState): void {
    const before = this.#version;
    const present = new Set(entries.map(presenceKey));
    const missing = this.#table.presentKeys().filter((key) => !present.has(key));
    // A smaller number in the same epoch: a replica that lagged behind has become the master.
    const isOlder = before !== undefined && (before.epoch !== epoch || number < before.number);
    const isLost = isOlder && missing.length > 0;
    this.#version = { epoch, number };
    this.#isStale = false;
    for (const entry of entries.toSorted(byJoin)) this.#table.set(entry);
    if (isLost) this.#waitFor(missing);
    else for (const key of missing) this.#table.remove(key);
    if (before) this.#report();
    else this.#table.takeChanges();
    if (isLost || !before) this.#renew();
  }

  #waitFor(keys: readonly string[]): void {
    this.#table.markLost(keys);
    this.#cancelTimer?.();
    if (this.#isClosed) return;
    this.#cancelTimer = this.setup.clock.after(this.setup.patienceMs, () => {
      for (const key of this.#table.lostKeys()) this.#table.remove(key);
      this.#report();
    });
  }

  #renew(): void {
    this.#pages.clear();
    this.setup.renewed();
  }

  #report(): void {
    const changes = this.#table.takeChanges();
    if (changes.length > 0) this.#pages.clear();
    for (const change of changes)
      this.setup.emit({ message: messageOf(this.setup.channel, change), order: change.order });
  }
}

function messageOf(channel: string, { kind, member }: MemberChange): WatchedChange['message'] {
  if (kind === 'joined') return create(PresenceJoined, { channel, ...member });
  if (kind === 'updated') return create(PresenceUpdated, { channel, ...member });
  const { id, userId } = member;
  return create(PresenceLeft, { channel, id, userId });
}
