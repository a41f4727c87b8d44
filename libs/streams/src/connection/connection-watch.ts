import { CloseCode } from '@nestwire/protocol';
import type { Wire } from '../transport/wire.js';
import type { ConnectionContext } from './connection-context.js';
import type { OutboundQueue } from './outbound/outbound-queue.js';
import type { StreamUser } from '../auth/stream-authenticator.js';

const AGE_SPREAD = 0.2;
const SLOW_CLOSE_MS = 2_000;

/** What the watch looks at and acts on. */
export interface Watched {
  readonly outbox: OutboundQueue;
  readonly user: StreamUser | null;
  ping(): void;
  close(code: number, reason: string): void;
  goAway(spreadMs: number): void;
  drain(): Promise<void>;
  checkDeadlines(now: number): void;
}

/** The clock of one connection: what must have happened by which time. */
export class ConnectionWatch {
  isGreeting = true;
  private receivedAt: number;
  private pingedAt = 0;
  private slowSince = 0;
  private terminateAt = Infinity;
  private endsAt: number;
  private isRetired = false;
  private readonly greetedBy: number;

  constructor(
    private readonly connection: Watched,
    private readonly wire: Wire,
    private readonly context: ConnectionContext,
    now: number,
  ) {
    const { limits } = context;
    this.receivedAt = now;
    this.greetedBy = now + limits.helloTimeoutMs;
    this.endsAt = now + limits.maxConnectionAgeMs * (1 + AGE_SPREAD * (Math.random() - 0.5));
  }

  /** Something arrived. */
  received(now: number): void {
    this.receivedAt = now;
    this.pingedAt = 0;
  }

  /** The closing handshake has begun. */
  closing(now: number): void {
    this.terminateAt = Math.min(this.terminateAt, now + this.context.limits.closeTimeoutMs);
  }

  /** The client reads too slowly for a closing handshake to arrive in good time. */
  closingSlow(now: number): void {
    this.terminateAt = now + SLOW_CLOSE_MS;
  }

  /** Looks at every clock; `lateMs` is how long this process itself was stalled. */
  check(now: number, lateMs: number): void {
    // Also of a connection that is gone: what it left behind ends by its deadline.
    this.connection.checkDeadlines(now);
    if (now >= this.terminateAt) return this.wire.terminate();
    if (this.terminateAt !== Infinity) return;
    this.receivedAt += lateMs;
    if (this.pingedAt) this.pingedAt += lateMs;
    const close = this.findReasonToClose(now);
    if (close) return this.connection.close(...close);
    if (now >= this.endsAt) this.retire(now);
    else if (!this.isGreeting) this.checkSilence(now);
  }

  private findReasonToClose(now: number): readonly [code: number, reason: string] | undefined {
    const { limits, heartbeat } = this.context;
    if (this.isGreeting && now >= this.greetedBy) return [CloseCode.HelloTimeout, 'no hello in time'];
    const { unfinishedSince } = this.wire;
    if (unfinishedSince && now - unfinishedSince > limits.unfinishedMessageMs) {
      return [CloseCode.ProtocolError, 'a message stayed unfinished'];
    }
    if (this.pingedAt && now - this.pingedAt > heartbeat.pongMs) {
      return [CloseCode.HeartbeatLost, 'no sign of life after a ping'];
    }
    if (this.isSlow(now)) return [CloseCode.SlowConsumer, 'the client reads too slowly'];
    return this.hasExpired() ? [CloseCode.CredentialExpired, 'the credential expired'] : undefined;
  }

  private isSlow(now: number): boolean {
    if (!this.connection.outbox.isAboveSoftBound) this.slowSince = 0;
    else this.slowSince ||= now;
    return this.slowSince > 0 && now - this.slowSince > this.context.limits.slowConsumerMs;
  }

  private hasExpired(): boolean {
    const expiresAt = this.connection.user?.expiresAt;
    return expiresAt !== undefined && Date.now() > Number(expiresAt) + this.context.limits.credentialGraceMs;
  }

  /** Asks the client of an old connection to make another first; ends it in good order if it stays. */
  private retire(now: number): void {
    if (this.isRetired) void this.connection.drain();
    else this.connection.goAway(0);
    this.endsAt = this.isRetired ? Infinity : now + this.context.shutdown.deadlineMs;
    this.isRetired = true;
  }

  private checkSilence(now: number): void {
    if (this.pingedAt || now - this.receivedAt < this.context.heartbeat.pingMs) return;
    this.pingedAt = now;
    this.connection.ping();
  }
}
