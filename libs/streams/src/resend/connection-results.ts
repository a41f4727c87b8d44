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
  private results: ClientResults | undefined;
  private readonly attached = new Map<SessionRuntime, ClientResults>();

  constructor(private readonly cache: ResultCache) {}

  /** Takes the answers of this identity for the sessions that begin from now on. */
  identify(identity: Identity): void {
    const before = this.results;
    this.results = this.cache.acquire(identity);
    // It was joined twice when nothing has changed.
    if (before === this.results) this.cache.release(before, performance.now());
    else this.releaseUnused(before);
  }

  /** Lets a session add to them, and to no others. */
  attach(runtime: SessionRuntime): void {
    this.detach(runtime);
    const { results } = this;
    if (!results) return;
    this.attached.set(runtime, results);
    runtime.messageResults = new SessionResults(results.of(runtime.session.endpoint), runtime);
  }

  /** Lets a session add to none. */
  detach(runtime: SessionRuntime): void {
    const results = this.attached.get(runtime);
    runtime.messageResults?.detach();
    runtime.messageResults = undefined;
    this.attached.delete(runtime);
    if (results !== this.results) this.releaseUnused(results);
  }

  /** Leaves them, when nothing of the connection is there that could add to them. */
  release(): void {
    this.cache.release(this.results, performance.now());
    this.results = undefined;
  }

  /** Leaves the answers of a former identity once its last session is released. */
  private releaseUnused(results: ClientResults | undefined): void {
    for (const other of this.attached.values()) if (other === results) return;
    this.cache.release(results, performance.now());
  }
}
