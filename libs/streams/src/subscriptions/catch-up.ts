import type { Position } from '@nestwire/messages';
import type { FrameSink, SubscribedSession } from './client-subscription.js';
import type { ResumeEntry } from './resume-positions.js';

/**
 * The state of a catch-up.
 *
 * - `following`: the process starts to follow the channel.
 * - `reading`: the publications after the position are read and written.
 * - `asking`: the application is asked for a snapshot, and the snapshot is written.
 * - `waiting`: it has caught up, and waits for the sessions that fell behind.
 * - `ended`: the session is subscribed, or the subscription was removed.
 */
export type CatchUpState = 'following' | 'reading' | 'asking' | 'waiting' | 'ended';

const NEXT: Readonly<Record<CatchUpState, readonly CatchUpState[]>> = {
  following: ['reading', 'ended'],
  reading: ['reading', 'asking', 'waiting', 'ended'],
  asking: ['reading', 'ended'],
  waiting: ['reading', 'ended'],
  ended: [],
};

/** The callbacks of the `subscribe` call that waits for a catch-up. */
export interface BeginWaiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A catch-up in progress: of one new session, or of all sessions that fell behind.
 *
 * The call that subscribes waits until the catch-up begins: until the first read, or until the application
 * has answered for the snapshot.
 */
export class CatchUp {
  /** The position after the last written publication; undefined before the first. */
  from: Position | undefined;
  /** True while the position that the client resumed from is not accepted. */
  isRefused: boolean;
  /** True after a gap, because the earlier resume tokens are not valid after it. */
  hasGap = false;
  /** Cancels the queued read or snapshot call; undefined when none waits for its turn. */
  withdraw: (() => void) | undefined;
  private state: CatchUpState;
  private waiter: BeginWaiter | undefined;

  private constructor(
    /** The new session; undefined for the sessions that fell behind. */
    readonly session: SubscribedSession | undefined,
    /** Receives the frames that tell the client its position. */
    readonly sink: FrameSink,
    { from, isRefused, state }: Pick<CatchUp, 'from' | 'isRefused'> & { readonly state: CatchUpState },
  ) {
    this.from = from;
    this.isRefused = isRefused;
    this.state = state;
  }

  /** Creates the catch-up of a new session, from the position that it resumes. */
  static ofSession(session: SubscribedSession, entry: ResumeEntry | undefined, sink: FrameSink): CatchUp {
    const isRefused = entry !== undefined && !entry.position;
    return new CatchUp(session, sink, { from: entry?.position, isRefused, state: 'following' });
  }

  /** Creates the catch-up of the sessions that fell behind at a position. */
  static ofFallenBehind(from: Position, sink: FrameSink): CatchUp {
    return new CatchUp(undefined, sink, { from, isRefused: false, state: 'reading' });
  }

  get isAsking(): boolean {
    return this.state === 'asking';
  }

  get isWaiting(): boolean {
    return this.state === 'waiting';
  }

  get hasEnded(): boolean {
    return this.state === 'ended';
  }

  /** Returns whether a call waits that an error can reject. */
  get hasWaiter(): boolean {
    return this.waiter !== undefined;
  }

  /** Enters another state; all transitions are made here. */
  enter(state: CatchUpState): void {
    if (!NEXT[this.state].includes(state))
      throw new Error(`A catch-up cannot go from "${this.state}" to "${state}".`);
    this.state = state;
  }

  /** Ends the catch-up and withdraws what it waits for. */
  cancel(): void {
    if (!this.hasEnded) this.enter('ended');
    this.withdraw?.();
  }

  /** Lets a call wait until the catch-up begins. */
  waitWith(waiter: BeginWaiter): void {
    this.waiter = waiter;
  }

  /** Resolves the waiting call. */
  begun(): void {
    const { waiter } = this;
    this.waiter = undefined;
    waiter?.resolve();
  }

  /** Ends the catch-up and rejects the waiting call. */
  fail(error: unknown): void {
    const { waiter } = this;
    this.waiter = undefined;
    this.cancel();
    waiter?.reject(error);
  }
}
