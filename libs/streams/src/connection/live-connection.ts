import type { StreamUser } from './stream-authenticator.js';

/** A connection as the process sees it: counted, watched, ended with the others. */
export interface LiveConnection {
  user: StreamUser | null;
  readonly outbox: { readonly bytes: number };
  readonly streams: { readonly size: number; readonly answers: { leave(): void } };
  readonly watch: { check(now: number, lateMs: number): void };
  close(code: number, reason: string): void;
  goAway(spreadMs: number): void;
}
