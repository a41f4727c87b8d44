import type { Position } from './position.js';
import type { Clock } from '../scheduling/clock.js';
import type { Head } from './history-store.js';
import { firstOf } from './read-queue.js';

/** The most positions of one comparison. */
const CHUNK = 100;
const CHECK_MS = 10_000;
const RETRY_MS = 250;
/** The pause between two comparisons of a channel, in milliseconds; bounds the cost of malformed publications. */
const PAUSE_MS = 200;
/** The most suspect positions that are compared again after one pause. */
const MAX_RETRIED = 1_000;

/** The channels to check, and the callback for their heads. */
export interface CheckTarget {
  /** The followed channels; the collection may change during the iteration. */
  readonly channels: () => Iterable<string>;
  readonly heads: (channels: readonly string[]) => Promise<readonly Head[]>;
  /** Called with the head of a channel, which was read after the channel became suspect. */
  readonly compare: (channel: string, head: Position | undefined) => void;
}

/**
 * Compares the positions of followers with the heads of their histories.
 *
 * Suspect positions come first. All positions are compared at intervals, in case that publications are lost
 * silently. A comparison covers some positions at a time, so that it does not delay other work.
 */
export class PositionChecks {
  private readonly suspected = new Set<string>();
  /** Suspect channels whose comparison failed. */
  private readonly failed = new Set<string>();
  /** Channels that were compared since the start of the pause. */
  private readonly compared = new Set<string>();
  /** Compared channels that are suspect again. */
  private readonly paused = new Set<string>();
  private cancelPause: (() => void) | undefined;
  private round: Iterator<string> | undefined;
  private isRunning = false;
  private isClosed = false;
  private cancelRound: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;

  constructor(
    private readonly target: CheckTarget,
    private readonly clock: Clock,
  ) {}

  /** Starts the comparisons of all channels; a second call changes nothing. */
  start(): void {
    this.cancelRound ??= this.clock.after(CHECK_MS * (0.8 + Math.random() * 0.4), () => {
      this.cancelRound = undefined;
      this.start();
      // An unfinished round continues.
      this.round ??= this.target.channels()[Symbol.iterator]();
      this.run();
    });
  }

  /** Stops the comparisons of all channels until the next start. */
  stop(): void {
    this.cancelRound?.();
    this.cancelRound = this.round = undefined;
  }

  /** Compares a channel, with a pause after the last comparison; retries after a failure. */
  markSuspect(channel: string): void {
    if (this.compared.has(channel)) return void this.paused.add(channel);
    this.suspected.add(channel);
    this.run();
  }

  /** Stops all comparisons. */
  close(): void {
    this.isClosed = true;
    this.stop();
    this.cancelRetry?.();
    this.cancelPause?.();
    for (const channels of [this.suspected, this.failed, this.compared, this.paused]) channels.clear();
  }

  private run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    // Channels that become suspect in one turn are compared together.
    queueMicrotask(() => void this.runChunks());
  }

  private async runChunks(): Promise<void> {
    for (;;) {
      const channels = this.takeSuspects();
      const suspects = channels.length;
      this.fillFromRound(channels);
      if (!channels.length || this.isClosed) break;
      await this.compare(channels, suspects);
      if (this.isClosed) break;
      // A store without a network answers in the same turn.
      if (channels.length === CHUNK) await new Promise((resolve) => setImmediate(resolve));
    }
    this.isRunning = false;
  }

  private takeSuspects(): string[] {
    const channels: string[] = [];
    for (const channel of this.suspected) {
      if (channels.length === CHUNK) break;
      this.suspected.delete(channel);
      this.compared.add(channel);
      channels.push(channel);
    }
    if (channels.length > 0) this.cancelPause ??= this.clock.after(PAUSE_MS, () => this.endPause());
    return channels;
  }

  private endPause(): void {
    this.cancelPause = undefined;
    this.compared.clear();
    const paused = [...this.paused];
    this.paused.clear();
    for (const channel of paused) this.markSuspect(channel);
  }

  private fillFromRound(channels: string[]): void {
    while (this.round && channels.length < CHUNK) {
      const next = this.round.next();
      if (next.done) this.round = undefined;
      else channels.push(next.value);
    }
  }

  /** Compares channels; after a failure the first `suspects` are retried, the others wait for a round. */
  private async compare(channels: readonly string[], suspects: number): Promise<void> {
    const heads = await this.target.heads(channels).catch(() => undefined);
    if (this.isClosed) return;
    for (const [index, channel] of channels.entries()) {
      const head = heads ? heads[index] : null;
      if (head !== null) this.target.compare(channel, head);
      else if (index < suspects) this.retry(channel);
    }
  }

  private retry(channel: string): void {
    this.failed.add(channel);
    this.cancelRetry ??= this.clock.after(RETRY_MS * (0.5 + Math.random()), () => {
      this.cancelRetry = undefined;
      for (const failed of firstOf(this.failed, MAX_RETRIED)) {
        this.failed.delete(failed);
        this.markSuspect(failed);
      }
    });
  }
}
