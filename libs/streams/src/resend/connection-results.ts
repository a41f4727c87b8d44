import { SessionResults } from './session-results.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { ResultCache, ClientResults } from './result-cache.js';
import type { Identity } from '../auth/identity.js';

/**
 * The answers that one connection adds to: those of its client and its identity.
 *
 * A session adds to the answers of its own identity until it is released, also after a sign-out.
 */
export class ConnectionResults {
  private answers: ClientResults | undefined;
  private readonly attached = new Map<SessionRuntime, ClientResults>();

  constructor(private readonly memory: ResultCache) {}

  /** Takes the answers of this identity for the sessions that begin from now on. */
  identify(identity: Identity): void {
    const before = this.answers;
    this.answers = this.memory.join(identity);
    // It was joined twice when nothing has changed.
    if (before === this.answers) this.memory.leave(before, performance.now());
    else this.release(before);
  }

  /** Lets a session add to them, and to no others. */
  attach(runtime: SessionRuntime): void {
    this.detach(runtime);
    const { answers } = this;
    if (!answers) return;
    this.attached.set(runtime, answers);
    runtime.answers = new SessionResults(answers.of(runtime.session.endpoint), runtime);
  }

  /** Lets a session add to none. */
  detach(runtime: SessionRuntime): void {
    const answers = this.attached.get(runtime);
    runtime.answers?.leave();
    runtime.answers = undefined;
    this.attached.delete(runtime);
    if (answers !== this.answers) this.release(answers);
  }

  /** Leaves them, when nothing of the connection is there that could add to them. */
  leave(): void {
    this.memory.leave(this.answers, performance.now());
    this.answers = undefined;
  }

  /** Leaves the answers of a former identity once its last session is released. */
  private release(answers: ClientResults | undefined): void {
    for (const other of this.attached.values()) if (other === answers) return;
    this.memory.leave(answers, performance.now());
  }
}
