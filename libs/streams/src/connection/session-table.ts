import { subjectOf, type ServerSession, type StreamAddress } from '../session/server-session.js';
import type { SessionRuntime } from '../session/session-runtime.js';

/** The unreleased sessions of one connection, by the key of their stream. */
export class SessionTable {
  /** The latest session of each key; it receives the frames of the stream. */
  private readonly latest = new Map<string, SessionRuntime>();
  /** The latest session of each endpoint and set of parameters. */
  private readonly bySubject = new Map<string, SessionRuntime>();
  /** All sessions, including those that make room for a successor. */
  private readonly runtimes: SessionRuntime[] = [];

  /** The number of sessions that are not released. */
  get size(): number {
    return this.runtimes.length;
  }

  /** The bytes of all messages that wait for their handlers. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const runtime of this.runtimes) bytes += runtime.pendingBytes;
    return bytes;
  }

  /** Returns all sessions; the list does not follow later changes. */
  all(): SessionRuntime[] {
    return this.runtimes.slice();
  }

  /** Returns the latest session with an endpoint and parameters, even when it is ending. */
  latestOf(address: Omit<StreamAddress, 'stream'>): SessionRuntime | undefined {
    return this.bySubject.get(subjectOf(address));
  }

  /**
   * Returns the session that receives a frame of the client.
   *
   * The client was told that a session of a former identity is closed, even if a handler still runs.
   */
  get(stream: string): SessionRuntime | undefined {
    const runtime = this.latest.get(stream);
    return runtime?.isDisowned ? undefined : runtime;
  }

  /** Returns the keys that have a session. */
  keys(): Iterable<string> {
    return this.latest.keys();
  }

  /** Returns the runtime of a session; undefined after its release. */
  find(session: ServerSession): SessionRuntime | undefined {
    return this.runtimes.find((runtime) => runtime.session === session);
  }

  /** Returns whether a frame with this id has no answer yet. */
  awaits(id: number): boolean {
    for (const runtime of this.runtimes) {
      if (runtime.awaits(id) || runtime.openIds.includes(id) || runtime.closeIds.includes(id)) return true;
    }
    return false;
  }

  /** Adds a session as the latest of its stream. */
  add(runtime: SessionRuntime): void {
    this.latest.set(runtime.session.stream, runtime);
    this.bySubject.set(subjectOf(runtime.session), runtime);
    this.runtimes.push(runtime);
  }

  /** Removes a session from its key, unless the stream has a later one. */
  vacate(runtime: SessionRuntime): void {
    const { session } = runtime;
    const subject = subjectOf(session);
    if (this.latest.get(session.stream) === runtime) this.latest.delete(session.stream);
    if (this.bySubject.get(subject) === runtime) this.bySubject.delete(subject);
  }

  /** Removes a released session. */
  delete(runtime: SessionRuntime): void {
    this.vacate(runtime);
    const at = this.runtimes.indexOf(runtime);
    if (at >= 0) this.runtimes.splice(at, 1);
  }
}
