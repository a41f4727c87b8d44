import type { CallClient } from './call-client.js';
import type { CallCluster, StoredRecord } from './call-cluster.js';
import { bringsItems, type NotedCall } from './noted-call.js';
import { RESUMABLE, type Run, type Work } from './work.app.js';

/** The time in which readers learn that the server of their call has died, in milliseconds. */
const DEATH_MS = 5_000;
/** The longest step of the clock, in milliseconds. */
const STEP_MS = 1_000;
/**
 * The time in which the server of a call learns that another one has cancelled it, and the method's present item ends,
 * in milliseconds: each takes a second, and the steps of the clock may be late by another one.
 */
const CANCEL_MS = 3_000;
/** The codes of a call whose connection or server was lost. */
const LOST: readonly string[] = ['UNCERTAIN', 'CALL_LOST'];

/** The ledgers of a run. */
export interface CallLedgers {
  readonly work: Work;
  readonly cluster: CallCluster;
  readonly clients: readonly CallClient[];
  /** The times of the waits that end calls without a reader, in milliseconds. */
  readonly longWaits: readonly number[];
  /**
   * The names of the calls that a device has cancelled by their id, with the time from which they are cancelled.
   *
   * It is infinite for a call that was not stored, and while the cancellation has no answer.
   */
  readonly cancelled: ReadonlyMap<string, number>;
}

/** Says what is wrong with the calls of a run. */
export class CallJudge {
  constructor(private readonly ledgers: CallLedgers) {}

  /** Returns what is wrong with the calls of a client. */
  judge(client: CallClient): string[] {
    const wrong = client.calls.flatMap((call) =>
      [...this.wrongIn(call, client)].map((what) => `${call.shape} ${call.name} ${what}`),
    );
    return [...client.frames.broken, ...wrong].map((what) => `${client.user}: ${what}`);
  }

  private *wrongIn(call: NotedCall, client: CallClient): Generator<string> {
    const { ends, got, count, reply, cancelling } = call;
    const [end = ''] = ends;
    if (ends.length !== 1) yield `has ${ends.length} ends`;
    if (got.some((number, at) => number !== at + 1)) yield `got ${got.join()}`;
    if (cancelling > 0) yield 'is not cancelled on the server';
    if (end === 'end' && !call.isCancelled) {
      const isWhole = bringsItems(call.shape) ? got.length === count : reply?.count === count;
      if (!isWhole) yield 'is not whole';
      if (reply && reply.name !== call.name) yield `got the reply of ${reply.name}`;
    }
    if (!call.isCancelled && end && !this.mayEnd(call, end)) yield `ended with ${end}`;
    if (end === 'CALL_LOST' && call.received !== got.length)
      yield `counts ${call.received} of ${got.length} items`;
    // A slow reader learns of the end when it goes on.
    const isLate = call.endedAtMs > Math.max(call.deadlineMs, call.calmAtMs) + STEP_MS;
    if (isLate && !call.origin) yield 'ended after its deadline';
    if (this.isStolen(call) && got.length > 0) yield 'has items of another user';
    if (call.shape === 'generate') yield* this.wrongInStored(call, client, end);
    if (!call.origin) yield* this.wrongInRuns(call);
  }

  /** Checks a reader of a stored call. */
  private *wrongInStored(call: NotedCall, client: CallClient, end: string): Generator<string> {
    const record = this.recordOf(call);
    const items = record?.items ?? 0;
    if (call.got.length > items) yield `got ${call.got.length} of ${items} stored items`;
    if (record?.orphanedAtMs === undefined || !LOST.includes(end) || call.isCancelled) return;
    // The failure of the store has ended it, and not the death.
    if (this.ledgers.cluster.failures && call.endedAtMs <= record.orphanedAtMs) return;
    if (call.got.length < items && !this.hasWaited(call))
      yield `lost ${items - call.got.length} stored items`;
    const sinceMs = Math.max(record.orphanedAtMs, client.calmAtMs, call.calmAtMs);
    if (call.endedAtMs > sinceMs + DEATH_MS)
      yield `learned of the death after ${call.endedAtMs - sinceMs} ms`;
  }

  /** Checks the runs of a call on the servers. */
  private *wrongInRuns(call: NotedCall): Generator<string> {
    const runs = this.ledgers.work.runs.filter(({ name }) => name === call.name);
    for (const run of runs) yield* this.wrongInRun(run, call);
    // A resumable call that is sent again after it was forgotten is a new call.
    if (call.shape === 'generate' && this.hasWaited(call)) return;
    const nodes = new Set(runs.map(({ node }) => node));
    if (nodes.size < runs.length) yield 'ran twice on a server';
    else if (runs.length > 1 && call.shape !== 'reply') yield 'ran twice';
  }

  private *wrongInRun(run: Run, call: NotedCall): Generator<string> {
    const { shape, count, deadlineMs } = call;
    const { taken, produced, isOrphan, isAhead, producedAtMs, finals } = run;
    if (taken.some((number, at) => number !== at + 1)) yield 'took items out of order';
    if (produced < 0 || produced > count) yield 'produced too much';
    if (isAhead) yield `produced more than ${RESUMABLE.maxItems} items ahead of its readers`;
    if (producedAtMs > deadlineMs + 2 * STEP_MS) yield 'produced after its deadline';
    if (producedAtMs > this.cancelledAtMs(run, call) + CANCEL_MS && !this.ledgers.cluster.failures)
      yield 'runs on after it was cancelled by its id';
    if (shape !== 'generate' && !isOrphan && finals !== 1)
      yield `still runs: its finally ran ${finals} times`;
  }

  /** Returns the time at which a device cancelled a run by the id of its call; infinite for none. */
  private cancelledAtMs({ beganAtMs }: Run, call: NotedCall): number {
    const atMs = this.ledgers.cancelled.get(call.name) ?? Infinity;
    // A call that is sent again after it was forgotten is a new call, which nobody has cancelled.
    return beganAtMs > atMs && this.hasWaited(call) ? Infinity : atMs;
  }

  /** Returns whether something that happened explains the end of a call. */
  private mayEnd(call: NotedCall, end: string): boolean {
    if (end === 'end') return true;
    if (end === 'DEADLINE_EXCEEDED') return call.endedAtMs >= call.deadlineMs;
    const isLost = LOST.includes(end) && call.faultsAtEnd > call.faults;
    const hasWaited = this.hasWaited(call);
    // A lost reply is requested again.
    if (call.shape === 'reply') return isLost && hasWaited;
    if (call.shape !== 'generate') return isLost;
    return this.mayStoredEnd(call, end) || (LOST.includes(end) && hasWaited);
  }

  private mayStoredEnd(call: NotedCall, end: string): boolean {
    const { cluster, cancelled } = this.ledgers;
    const record = this.recordOf(call);
    const hasFailed = cluster.failures > 0;
    if (end === 'UNAVAILABLE') return hasFailed;
    if (this.isStolen(call)) return end === 'CALL_UNKNOWN' || LOST.includes(end);
    const isUnknown = call.origin !== undefined && !call.isStored;
    const isOrphan = record?.orphanedAtMs !== undefined;
    if (LOST.includes(end)) return isOrphan || hasFailed || isUnknown;
    if (end === 'CALL_UNKNOWN') return isUnknown || hasFailed || this.hasWaited(call);
    if (end === 'CALL_TAKEN_OVER') return this.readersOf(call) > 1;
    // A client cancels its call when its deadline has passed.
    const isCancelled = cancelled.has(call.name) || call.endedAtMs >= call.deadlineMs;
    return end === 'CANCELLED' && (isCancelled || this.isCancelledByReader(call) || this.hasWaited(call));
  }

  private isStolen({ origin, user }: NotedCall): boolean {
    return origin !== undefined && origin.user !== user;
  }

  private isCancelledByReader({ id }: NotedCall): boolean {
    return this.ledgers.clients.some(({ calls }) => calls.some((one) => one.id === id && one.isCancelled));
  }

  private hasWaited({ startedAtMs, origin }: NotedCall): boolean {
    const fromMs = origin?.startedAtMs ?? startedAtMs;
    return this.ledgers.longWaits.some((atMs) => atMs >= fromMs);
  }

  /** Returns the number of the readers of a stored call. */
  private readersOf({ id }: NotedCall): number {
    return this.ledgers.clients.reduce((count, { frames }) => {
      const own = frames.readers.filter(({ callId }) => callId === id);
      return count + new Set(own.map((frame) => frame.id)).size;
    }, 0);
  }

  private recordOf({ name }: NotedCall): StoredRecord | undefined {
    return this.ledgers.cluster.records.get(name);
  }
}
