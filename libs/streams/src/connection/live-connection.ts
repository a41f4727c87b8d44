import type { StreamHandshake } from '../transport/stream-handshake.js';
import type { Identity } from '../auth/identity.js';
import type { Message } from '@nestwire/protocol';
import type { EvictionMatcher } from './evicted-stream.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { StreamUser } from '../auth/stream-authenticator.js';

/** A connection, as the registry and the sweeper of the process use it. */
export interface LiveConnection {
  readonly id: string;
  readonly user: StreamUser | null;
  readonly identity: Identity;
  /** True once the connection is closed; its sessions may still be ending. */
  readonly hasEnded: boolean;
  readonly outbox: { readonly bytes: number };
  readonly streams: {
    readonly size: number;
    readonly results: { release(): void };
    reauthorize(): Promise<void>;
    deliver(endpoint: string, message: Message): number;
    evict(isEvicted: EvictionMatcher, reason: SessionCloseReason): void;
  };
  readonly handshake: StreamHandshake;
  /** The sign-in with `auth` that began last; undefined before the first. */
  readonly signingIn: Promise<void> | undefined;
  readonly watch: { check(now: number, lateMs: number): void };
  close(code: number, reason: string): void;
  goAway(spreadMs: number): void;
}
