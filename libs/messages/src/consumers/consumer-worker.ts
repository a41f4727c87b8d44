import { randomBytes } from 'node:crypto';
import type { ConsumerShare, ConsumerStore, ConsumerWork } from '../history/consumer-store.js';
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

/** Work that this process holds by a lease. */
export interface HeldWork {
  /** The work, with the number of the present attempt. */
  readonly work: ConsumerWork;
  /** Aborts when this process no longer holds the work. */
  readonly signal: AbortSignal;
}

/** The store, the handler and the clock of a worker. */
export interface WorkerContext extends PacerContext {
  readonly store: ConsumerStore;
  readonly clock: Clock;
  readonly options: ResolvedConsumer;
  /** Handles work once; rejects when it has to be retried. */
  readonly handle: (held: HeldWork) => Promise<void>;
  /** Takes work whose last attempt failed; rejects when the call has to be repeated. */
  readonly giveUp: (held: HeldWork, error: unknown) => Promise<void>;
  /** Called after each failed attempt but the last. */
  readonly retried: (held: HeldWork, error: unknown) => void;
}

interface Held extends HeldWork {
  work: ConsumerWork;
  readonly lost: AbortController;
}

/**
 * Fetches and handles work, as one share of a durable consumer.
 *
 * A worker fetches only as much as it handles at once, so that other shares have work too, and renews the
 * leases of its work. It acknowledges handled work with its next fetch.
 */
export class ConsumerWorker {
  private consumer: ConsumerShare;
  private readonly held = new Set<Held>();
  private settled: ConsumerWork[] = [];
  /** Work that stopped between two attempts; other shares get it. */
  private readonly unfinished: ConsumerWork[] = [];
  private readonly pacer: ReadPacer;
  private readonly readiness = deferred<void>();
  private readonly idle = deferred<void>();
  private readonly closing = new AbortController();
  private fetching: Promise<unknown> | undefined;
  private cancelPoll: (() => void) | undefined;
  private cancelRenewal: (() => void) | undefined;
  private closed: Promise<void> | undefined;

  constructor(
    channel: RecoverableChannel,
    private readonly context: WorkerContext,
  ) {
    const { name, from } = context.options;
    this.consumer = { channel, name, from, holder: randomBytes(12).toString('base64url') };
    const failed = () => this.readiness.resolve();
    this.pacer = new ReadPacer(context, () => this.fetch(), failed);
  }

  /** Resolves when the consumer has a position, or cannot have one now. */
  get ready(): Promise<void> {
    return this.readiness.promise;
  }

  /** Fetches work; called when there may be some. */
  wake(): void {
    this.pacer.want();
  }

  /** Stops to fetch, waits up to `finishMs` for handlers, and releases the rest to other shares. */
  close(): Promise<void> {
    return (this.closed ??= this.closeNow());
  }

  private async closeNow(): Promise<void> {
    const { clock, options } = this.context;
    this.closing.abort();
    this.pacer.close();
    this.cancelPoll?.();
    await this.fetching?.catch(() => undefined);
    const cancel = clock.after(options.finishMs, () => this.idle.resolve());
    if (this.held.size > 0) await this.idle.promise;
    cancel();
    this.cancelRenewal?.();
    await this.release();
    for (const { lost } of this.held) lost.abort();
    this.readiness.resolve();
  }

  /** Releases the work; if a call fails, other shares get it when the lease expires. */
  private async release(): Promise<void> {
    const { store, options } = this.context;
    const settled = this.settled;
    const unfinished = [...this.unfinished, ...[...this.held].map(({ work }) => work)];
    const request = { settled, limit: 0, leaseMs: options.claimAfterMs };
    const calls: Promise<unknown>[] = [];
    if (settled.length > 0) calls.push(store.fetch(this.consumer, request));
    if (unfinished.length > 0) calls.push(store.renew(this.consumer, unfinished, 0));
    await Promise.allSettled(calls);
  }

  private async fetch(): Promise<void> {
    const { store, options } = this.context;
    const limit = options.concurrency - this.held.size;
    const settled = [...this.settled];
    if (limit === 0 && settled.length === 0) return;
    const fetching = store.fetch(this.consumer, { settled, limit, leaseMs: options.claimAfterMs });
    this.fetching = fetching;
    const { works, waitMs } = await fetching;
    this.consumer = { ...this.consumer, from: 'known' };
    this.settled = this.settled.filter((work) => !settled.includes(work));
    this.readiness.resolve();
    for (const work of works) this.begin(work);
    this.pollIn(waitMs);
  }

  private begin(work: ConsumerWork): void {
    // The worker closed during the fetch, so this attempt does not count.
    if (this.closing.signal.aborted) return void this.unfinished.push({ ...work, attempt: work.attempt - 1 });
    const lost = new AbortController();
    const held: Held = { work, lost, signal: lost.signal };
    this.held.add(held);
    this.renewLater();
    void this.work(held);
  }

  private async work(held: Held): Promise<void> {
    const isDone = await this.handle(held);
    this.held.delete(held);
    const isClosing = this.closing.signal.aborted;
    if (isDone) this.settled.push(held.work);
    else if (isClosing) this.unfinished.push(held.work);
    if (this.held.size === 0 && isClosing) this.idle.resolve();
    this.pacer.want();
  }

  /** Resolves to true when the work is done: handled, or given up. */
  private async handle(held: Held): Promise<boolean> {
    const { handle, retried, options } = this.context;
    let error: unknown = new Error('the processes that handled it ended before they had finished');
    while (held.work.attempt <= options.maxAttempts) {
      try {
        await handle(held);
        return true;
      } catch (failure) {
        error = failure;
      }
      if (held.work.attempt === options.maxAttempts) break;
      retried(held, error);
      if (!(await this.pause(held, held.work.attempt))) return false;
      held.work = { ...held.work, attempt: held.work.attempt + 1 };
      await this.renew([held]);
      if (held.signal.aborted) return false;
    }
    return this.giveUp(held, error);
  }

  private async giveUp(held: Held, error: unknown): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.context.giveUp(held, error);
        return true;
      } catch {
        // The callback has logged the error.
      }
      if (!(await this.pause(held, attempt))) return false;
    }
  }

  /** Waits before another attempt; resolves to false when there must be none. */
  private pause({ signal }: Held, failures: number): Promise<boolean> {
    const { clock, options } = this.context;
    const signals = [signal, this.closing.signal];
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve(false);
    const boundMs = Math.min(MAX_PAUSE_MS, options.retryMs * 2 ** Math.min(failures - 1, 16));
    const over = deferred<boolean>();
    const cancel = clock.after(boundMs * (0.8 + Math.random() * 0.2), () => over.resolve(true));
    const offs = signals.map((each) => onAbort(each, () => over.resolve(false)));
    return over.promise.finally(() => [cancel, ...offs].forEach((off) => off()));
  }

  private renewLater(): void {
    const { clock, options } = this.context;
    this.cancelRenewal ??= clock.after(options.claimAfterMs / RENEWALS_PER_LEASE, () => {
      this.cancelRenewal = undefined;
      if (this.held.size === 0) return;
      this.renewLater();
      void this.renew([...this.held]);
    });
  }

  private async renew(held: readonly Held[]): Promise<void> {
    const { store, options } = this.context;
    const works = held.map(({ work }) => work);
    // While the store cannot be reached, no other share can take the work.
    const own = await store.renew(this.consumer, works, options.claimAfterMs).catch(() => undefined);
    own?.forEach((isOwn, index) => isOwn || held[index]?.lost.abort());
  }

  /** Fetches again later: for missed publications, and for the work of dead processes. */
  private pollIn(waitMs = Infinity): void {
    this.cancelPoll?.();
    if (this.closing.signal.aborted) return;
    const inMs = Math.max(MIN_POLL_MS, Math.min(waitMs + 1, POLL_MS * (0.8 + Math.random() * 0.4)));
    this.cancelPoll = this.context.clock.after(inMs, () => this.pacer.want());
  }
}
