import type { Position } from './position.js';
import type { Clock } from '../scheduling/clock.js';
import type { Head } from './history-store.js';
import { firstOf } from './read-queue.js';

/** The most positions that are compared at a time. */
const CHUNK = 100;
const CHECK_MS = 10_000;
const RETRY_MS = 250;
/** The pause between two comparisons of a channel, in milliseconds; bounds the cost of malformed publications. */
const PAUSE_MS = 200;
/** The most doubted positions that are compared again after one pause. */
const MAX_RETRIED = 1_000;

/** What checks compare, and what they tell. */
export interface CheckTarget {
  /** The channels that are read; may change while it is iterated over. */
  readonly channels: () => Iterable<string>;
  readonly heads: (channels: readonly string[]) => Promise<readonly Head[]>;
  /** Is told the top of a channel, which was read after the channel was doubted. */
  readonly compare: (channel: string, head: Position | undefined) => void;
}

/**
 * Compares the positions of readers with the tops of their histories.
 *
 * Those that are doubted first, and all from time to time in case that nothing is heard. Some at a time: while
 * many are compared, everything else goes on.
 */
export class PositionChecks {
  private readonly suspected = new Set<string>();
  /** Those that were doubted and could not be compared. */
  private readonly failed = new Set<string>();
  /** Those that were compared since the last pause began. */
  private readonly compared = new Set<string>();
  /** Those of them that were doubted again. */
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

  /** Compares all from time to time; does nothing when it does already. */
  start(): void {
    this.cancelRound ??= this.clock.after(CHECK_MS * (0.8 + Math.random() * 0.4), () => {
      this.cancelRound = undefined;
      this.start();
      // A round that is still under way goes on.
      this.round ??= this.target.channels()[Symbol.iterator]();
      this.run();
    });
  }

  /** Compares all no more, until the next start. */
  stop(): void {
    this.cancelRound?.();
    this.cancelRound = this.round = undefined;
  }

  /** Compares a channel: at once, or a moment after it was compared; again if that fails. */
  doubt(channel: string): void {
    if (this.compared.has(channel)) return void this.paused.add(channel);
    this.suspected.add(channel);
    this.run();
  }

  /** Compares nothing more. */
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
    // What is doubted in the same turn is compared together.
    queueMicrotask(() => void this.runChunks());
  }

  private async runChunks(): Promise<void> {
    for (;;) {
      const channels = this.takeDoubted();
      const doubts = channels.length;
      this.fillFromRound(channels);
      if (!channels.length || this.isClosed) break;
      await this.compare(channels, doubts);
      if (this.isClosed) break;
      // A backend without a network answers in the same turn.
      if (channels.length === CHUNK) await new Promise((resolve) => setImmediate(resolve));
    }
    this.isRunning = false;
  }

  private takeDoubted(): string[] {
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
    for (const channel of paused) this.doubt(channel);
  }

  private fillFromRound(channels: string[]): void {
    while (this.round && channels.length < CHUNK) {
      const next = this.round.next();
      if (next.done) this.round = undefined;
      else channels.push(next.value);
    }
  }

  /** Compares channels; the first `doubts` of them are compared again if that fails, the others next time. */
  private async compare(channels: readonly string[], doubts: number): Promise<void> {
    const heads = await this.target.heads(channels).catch(() => undefined);
    if (this.isClosed) return;
    for (const [index, channel] of channels.entries()) {
      const head = heads ? heads[index] : null;
      if (head !== null) this.target.compare(channel, head);
      else if (index < doubts) this.retry(channel);
    }
  }

  private retry(channel: string): void {
    this.failed.add(channel);
    this.cancelRetry ??= this.clock.after(RETRY_MS * (0.5 + Math.random()), () => {
      this.cancelRetry = undefined;
      for (const failed of firstOf(this.failed, MAX_RETRIED)) {
        this.failed.delete(failed);
        this.doubt(failed);
      }
    });
  }
}
