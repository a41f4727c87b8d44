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
  /** The position of the member in the order of the pages. */
  readonly order: number;
}

/** The state source and the callbacks of a watch. */
export interface WatchSetup {
  readonly channel: string;
  readonly clock: Clock;
  /** The time for servers to restore a lost state, in milliseconds. */
  readonly patienceMs: number;
  readonly read: () => Promise<PresenceState>;
  readonly emit: (change: WatchedChange) => void;
  /** Called when readers must start with the first page: after the first read, and after a loss. */
  readonly renewed: () => void;
}

const MAX_EARLY = 1_000;
/** The most reads within a period; bounds the cost of malformed notices. */
const READS_PER_PERIOD = 5;
const PERIOD_MS = 200;

/**
 * Follows the members of a channel.
 *
 * It applies deltas, which lead from one version to the next. If a delta is missing, it reads the state and
 * reports the difference: a few times at once, then with pauses. After a loss of the state, missing connections
 * get time to return.
 */
export class PresenceWatch {
  private version: PresenceVersion | undefined;
  private readonly table = new MemberTable();
  private readonly pages: MemberPages;
  private early: PresenceDelta[] = [];
  private reading: Promise<void> | undefined;
  private cancelTimer: (() => void) | undefined;
  private cancelRead: (() => void) | undefined;
  private isClosed = false;
  /** The start of the present period, and the number of its reads. */
  private periodAt = -Infinity;
  private periodReads = 0;
  /** True after a failed read, which may have missed changes. */
  private isStale = false;

  constructor(private readonly setup: WatchSetup) {
    this.pages = new MemberPages(setup.channel, (order) => this.table.after(order));
  }

  /** True after the first read of the state. */
  get isReady(): boolean {
    return this.version !== undefined;
  }

  /** Returns the page of members after a position; call it when the watch is ready. */
  pageAfter(order: number): MemberPage {
    return this.pages.after(order);
  }

  /** Takes a delta; the order of deltas does not matter. */
  take(delta: PresenceDelta): void {
    if (!this.reading) {
      if (!this.follow(delta)) this.markSuspect();
    } else if (this.early.length < MAX_EARLY) this.early.push(delta);
  }

  /** Reads the state after an unusable notice: a few times at once, then with pauses. */
  markSuspect(): void {
    if (this.reading) return;
    if (this.mayRead()) void this.read();
    else this.readLater();
  }

  /** Compares the version with the cluster, and reads the state when it differs. */
  async compare({ epoch, number }: PresenceVersion): Promise<void> {
    const isSame = !this.isStale && this.version?.epoch === epoch && this.version.number === number;
    if (!isSame) await this.read();
  }

  /** Reads the state and reports the changes. Never rejects. */
  read(): Promise<void> {
    return (this.reading ??= this.readNow().finally(() => (this.reading = undefined)));
  }

  /** Stops the timers. */
  close(): void {
    this.isClosed = true;
    this.cancelRead?.();
    this.cancelTimer?.();
  }

  private async readNow(): Promise<void> {
    try {
      for (;;) {
        this.replace(await this.setup.read());
        if (this.early.splice(0).every((delta) => this.follow(delta))) return;
        if (!this.mayRead()) return this.readLater();
      }
    } catch {
      // The next delta or comparison reads again, and still compares the epoch.
      this.isStale = true;
      this.early = [];
    }
  }

  /** Counts a read after a notice; returns true when it may start at once. */
  private mayRead(): boolean {
    const nowMs = this.setup.clock.now();
    if (nowMs - this.periodAt >= PERIOD_MS) {
      this.periodAt = nowMs;
      this.periodReads = 0;
    }
    return this.periodReads++ < READS_PER_PERIOD;
  }

  /** Reads after the period; that state includes the changes until then. */
  private readLater(): void {
    const { clock } = this.setup;
    this.isStale = true;
    if (this.isClosed) return;
    this.cancelRead ??= clock.after(this.periodAt + PERIOD_MS - clock.now(), () => {
      this.cancelRead = undefined;
      this.markSuspect();
    });
  }

  /** Applies a delta; returns false when it does not continue the version. */
  private follow({ epoch, number, set, removed }: PresenceDelta): boolean {
    const version = this.version;
    if (!version || this.isStale || epoch !== version.epoch || number > version.number + 1) return false;
    if (number <= version.number) return true;
    this.version = { epoch, number };
    for (const entry of set) this.table.set(entry);
    for (const key of removed) this.table.remove(key);
    this.report();
    return true;
  }

  private replace({ epoch, number, entries }: PresenceState): void {
    const before = this.version;
    const present = new Set(entries.map(presenceKey));
    const missing = this.table.presentKeys().filter((key) => !present.has(key));
    // A smaller number in one epoch means that a lagging replica has become the master.
    const isOlder = before !== undefined && (before.epoch !== epoch || number < before.number);
    const isLost = isOlder && missing.length > 0;
    this.version = { epoch, number };
    this.isStale = false;
    for (const entry of entries.toSorted(byJoin)) this.table.set(entry);
    if (isLost) this.waitFor(missing);
    else for (const key of missing) this.table.remove(key);
    if (before) this.report();
    else this.table.takeChanges();
    if (isLost || !before) this.renew();
  }

  private waitFor(keys: readonly string[]): void {
    this.table.markLost(keys);
    this.cancelTimer?.();
    if (this.isClosed) return;
    this.cancelTimer = this.setup.clock.after(this.setup.patienceMs, () => {
      for (const key of this.table.lostKeys()) this.table.remove(key);
      this.report();
    });
  }

  private renew(): void {
    this.pages.clear();
    this.setup.renewed();
  }

  private report(): void {
    const changes = this.table.takeChanges();
    if (changes.length > 0) this.pages.clear();
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
