import type { CallResults } from './call-results.js';
import { SessionResults } from './session-results.js';
import { subjectOf } from '../session/server-session.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import type { ResultCache, ClientResults } from './result-cache.js';
import type { Identity } from '../auth/identity.js';

/**
 * The results that one connection records, for its client and identity.
 *
 * A session records results for its own identity until it is released, also after a sign-out.
 */
export class ConnectionResults {
  private results: ClientResults | undefined;
  private readonly attached = new Map<SessionRuntime, ClientResults>();

  constructor(private readonly cache: ResultCache) {}

  /** Selects the results of an identity for all sessions from now on. */
  identify(identity: Identity): void {
    const before = this.results;
    this.results = this.cache.acquire(identity);
    // The same results were acquired twice when the identity has not changed.
    if (before === this.results) this.cache.release(before, performance.now());
    else this.releaseUnused(before);
  }

  /** Makes a session record its results here, and nowhere else. */
  attach(runtime: SessionRuntime): void {
    this.detach(runtime);
    const { results } = this;
    if (!results) return;
    this.attached.set(runtime, results);
    runtime.messageResults = new SessionResults(results.of(subjectOf(runtime.session)), runtime);
  }

  /** Returns the outcomes of the calls of a session; undefined when the client has no id. */
  callsOf(runtime: SessionRuntime): CallResults | undefined {
    return this.attached.get(runtime)?.calls;
  }

  /** Makes a session record no more results. */
  detach(runtime: SessionRuntime): void {
    const results = this.attached.get(runtime);
    runtime.messageResults?.detach();
    runtime.messageResults = undefined;
    this.attached.delete(runtime);
    if (results !== this.results) this.releaseUnused(results);
  }

  /** Releases the results when the connection has no more sessions. */
  release(): void {
    this.cache.release(this.results, performance.now());
    this.results = undefined;
  }

  /** Releases the results of a former identity once its last session is released. */
  private releaseUnused(results: ClientResults | undefined): void {
    for (const other of this.attached.values()) if (other === results) return;
    this.cache.release(results, performance.now());
  }
}
