import { randomBytes } from 'node:crypto';
import type { ConsumerShare, ConsumerStore, ConsumerWork } from './consumer-store.js';
import type { RecoverableChannel } from '../channel/channel.js';
import type { Clock } from '../scheduling/clock.js';
import { deferred } from '../scheduling/deferred.js';
import { onAbort } from '../scheduling/on-abort.js';
import { ReadPacer, type PacerContext } from '../history/read-pacer.js';
import type { ResolvedConsumer } from './durable-consumer.options.js';

const POLL_MS = 5_000;
const MIN_POLL_MS = 50;
const RENEWALS_PER_LEASE = 3;
const MAX_PAUSE_MS = 60_000;

/** Work in the hands of this process. */
export interface WorkInHand {
  /** With the number of the attempt that is under way. */
  readonly work: ConsumerWork;
  /** Aborts when the work is no longer this process's. */
  readonly signal: AbortSignal;
}

/** What a worker works with. */
export interface WorkerContext extends PacerContext {
  readonly backend: ConsumerStore;
  readonly clock: Clock;
  readonly options: ResolvedConsumer;
  /** Handles work once; rejects when it has to be tried again. */
  readonly handle: (hand: WorkInHand) => Promise<void>;
  /** Takes work that failed for the last time; rejects when that has to be tried again. */
  readonly giveUp: (hand: WorkInHand, error: unknown) => Promise<void>;
  /** Is told of an attempt that failed and is not the last. */
  readonly retried: (hand: WorkInHand, error: unknown) => void;
}

interface Hand extends WorkInHand {
  work: ConsumerWork;
  readonly left: AbortController;
}

/**
 * One process's share in a durable consumer: takes work and handles it.
 *
 * It takes no more than it handles at once, so that others have something to do, and renews the lease of
 * what it has. What it has settled it says with the next take.
 */
export class ConsumerWorker {
  #consumer: ConsumerShare;
  readonly #hands = new Set<Hand>();
  #settled: ConsumerWork[] = [];
  /** What was stopped between two attempts, for others. */
  readonly #left: ConsumerWork[] = [];
  readonly #pacer: ReadPacer;
  readonly #ready = deferred<void>();
  readonly #idle = deferred<void>();
  readonly #closing = new AbortController();
  #taking: Promise<unknown> | undefined;
  #cancelPoll: (() => void) | undefined;
  #cancelRenewal: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    channel: RecoverableChannel,
    private readonly context: WorkerContext,
  ) {
    const { name, from } = context.options;
    this.#consumer = { channel, name, from, holder: randomBytes(12).toString('base64url') };
    const failed = () => this.#ready.resolve();
    this.#pacer = new ReadPacer(context, () => this.#take(), failed);
  }

  /** Resolves when the consumer has its place, or cannot have one at the moment. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Looks for work: there may be some. */
  wake(): void {
    this.#pacer.want();
  }

  /** Takes no more, lets handlers finish for a while, and leaves the rest to others. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const { clock, options } = this.context;
    this.#closing.abort();
    this.#pacer.close();
    this.#cancelPoll?.();
    await this.#taking?.catch(() => undefined);
    const cancel = clock.after(options.finishMs, () => this.#idle.resolve());
    if (this.#hands.size > 0) await this.#idle.promise;
    cancel();
    this.#cancelRenewal?.();
    await this.#release();
    for (const { left } of this.#hands) left.abort();
    this.#ready.resolve();
  }

  /** What cannot be said any more others find out when the lease is over. */
  async #release(): Promise<void> {
    const { backend, options } = this.context;
    const settled = this.#settled;
    const left = [...this.#left, ...[...this.#hands].map(({ work }) => work)];
    const request = { settled, limit: 0, leaseMs: options.claimAfterMs };
    const saying: Promise<unknown>[] = [];
    if (settled.length > 0) saying.push(backend.fetch(this.#consumer, request));
    if (left.length > 0) saying.push(backend.renew(this.#consumer, left, 0));
    await Promise.allSettled(saying);
  }

  async #take(): Promise<void> {
    const { backend, options } = this.context;
    const limit = options.concurrency - this.#hands.size;
    const settled = [...this.#settled];
    if (limit === 0 && settled.length === 0) return;
    const taking = backend.fetch(this.#consumer, { settled, limit, leaseMs: options.claimAfterMs });
    this.#taking = taking;
    const { works, waitMs } = await taking;
    this.#consumer = { ...this.#consumer, from: 'known' };
    this.#settled = this.#settled.filter((work) => !settled.includes(work));
    this.#ready.resolve();
    for (const work of works) this.#begin(work);
    this.#pollIn(waitMs);
  }

  #begin(work: ConsumerWork): void {
    // Taken as it closes: for others, as if it had not been.
    if (this.#closing.signal.aborted) return void this.#left.push({ ...work, attempt: work.attempt - 1 });
    const left = new AbortController();
    const hand: Hand = { work, left, signal: left.signal };
    this.#hands.add(hand);
    this.#renewLater();
    void this.#work(hand);
  }

  async #work(hand: Hand): Promise<void> {
    const isDone = await this.#handle(hand);
    this.#hands.delete(hand);
    const isClosing = this.#closing.signal.aborted;
    if (isDone) this.#settled.push(hand.work);
    else if (isClosing) this.#left.push(hand.work);
    if (this.#hands.size === 0 && isClosing) this.#idle.resolve();
    this.#pacer.want();
  }

  /** Resolves to whether the work is done, in one way or another. */
  async #handle(hand: Hand): Promise<boolean> {
    const { handle, retried, options } = this.context;
    let error: unknown = new Error('the processes that tried it ended before they were done');
    while (hand.work.attempt <= options.maxAttempts) {
      try {
        await handle(hand);
        return true;
      } catch (failure) {
        error = failure;
      }
      if (hand.work.attempt === options.maxAttempts) break;
      retried(hand, error);
      if (!(await this.#pause(hand, hand.work.attempt))) return false;
      hand.work = { ...hand.work, attempt: hand.work.attempt + 1 };
      await this.#renew([hand]);
      if (hand.signal.aborted) return false;
    }
    return this.#giveUp(hand, error);
  }

  async #giveUp(hand: Hand, error: unknown): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.context.giveUp(hand, error);
        return true;
      } catch {
        // Whoever takes it said what went wrong.
      }
      if (!(await this.#pause(hand, attempt))) return false;
    }
  }

  /** Waits before another attempt; resolves to whether there is to be one. */
  #pause({ signal }: Hand, failures: number): Promise<boolean> {
    const { clock, options } = this.context;
    const signals = [signal, this.#closing.signal];
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve(false);
    const boundMs = Math.min(MAX_PAUSE_MS, options.retryMs * 2 ** Math.min(failures - 1, 16));
    const over = deferred<boolean>();
    const cancel = clock.after(boundMs * (0.8 + Math.random() * 0.2), () => over.resolve(true));
    const offs = signals.map((each) => onAbort(each, () => over.resolve(false)));
    return over.promise.finally(() => [cancel, ...offs].forEach((off) => off()));
  }

  #renewLater(): void {
    const { clock, options } = this.context;
    this.#cancelRenewal ??= clock.after(options.claimAfterMs / RENEWALS_PER_LEASE, () => {
      this.#cancelRenewal = undefined;
      if (this.#hands.size === 0) return;
      this.#renewLater();
      void this.#renew([...this.#hands]);
    });
  }

  async #renew(hands: readonly Hand[]): Promise<void> {
    const { backend, options } = this.context;
    const works = hands.map(({ work }) => work);
    // While the cluster cannot be asked nobody else can have it.
    const own = await backend.renew(this.#consumer, works, options.claimAfterMs).catch(() => undefined);
    own?.forEach((isOwn, index) => isOwn || hands[index]!.left.abort());
  }

  /** Looks again in a while: for what was not heard, and for what a dead process has in hand. */
  #pollIn(waitMs = Infinity): void {
    this.#cancelPoll?.();
    if (this.#closing.signal.aborted) return;
    const inMs = Math.max(MIN_POLL_MS, Math.min(waitMs + 1, POLL_MS * (0.8 + Math.random() * 0.4)));
    this.#cancelPoll = this.context.clock.after(inMs, () => this.#pacer.want());
  }
}
