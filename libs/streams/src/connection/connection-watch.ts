import { CloseCode } from '@nestwire/protocol';
import type { Wire } from '../transport/wire.js';
import type { ConnectionContext } from './connection-context.js';
import type { OutboundQueue } from './outbound/outbound-queue.js';
import type { StreamUser } from '../auth/stream-authenticator.js';

const AGE_SPREAD = 0.2;
const SLOW_CLOSE_MS = 2_000;

/** A connection, as its watch checks it. */
export interface Watched {
  /** True until the connection has sent `welcome`, or has left. */
  readonly isHandshaking: boolean;
  readonly outbox: OutboundQueue;
  readonly user: StreamUser | null;
  ping(): void;
  close(code: number, reason: string): void;
  goAway(spreadMs: number): void;
  drain(): Promise<void>;
  checkDeadlines(now: number): void;
}

/** The deadlines of one connection. */
export class ConnectionWatch {
  private receivedAt: number;
  private pingedAt = 0;
  private slowSince = 0;
  private terminateAt = Infinity;
  private endsAt: number;
  private isRetired = false;
  private readonly helloBy: number;

  constructor(
    private readonly connection: Watched,
    private readonly wire: Wire,
    private readonly context: ConnectionContext,
    now: number,
  ) {
    const { limits } = context;
    this.receivedAt = now;
    this.helloBy = now + limits.helloTimeoutMs;
    this.endsAt = now + limits.maxConnectionAgeMs * (1 + AGE_SPREAD * (Math.random() - 0.5));
  }

  /** Records that the client is alive. */
  received(now: number): void {
    this.receivedAt = now;
    this.pingedAt = 0;
  }

  /** Sets the deadline of the closing handshake. */
  closing(now: number): void {
    this.terminateAt = Math.min(this.terminateAt, now + this.context.limits.closeTimeoutMs);
  }

  /** Sets a short deadline, because a slow client may never read the close frame. */
  closingSlow(now: number): void {
    this.terminateAt = now + SLOW_CLOSE_MS;
  }

  /** Checks every deadline; `lateMs` is the time that this process itself was stalled. */
  check(now: number, lateMs: number): void {
    // The sessions of a closed connection may still be ending, and have deadlines too.
    this.connection.checkDeadlines(now);
    if (now >= this.terminateAt) return this.wire.terminate();
    if (this.terminateAt !== Infinity) return;
    this.receivedAt += lateMs;
    if (this.pingedAt) this.pingedAt += lateMs;
    const close = this.findReasonToClose(now);
    if (close) return this.connection.close(...close);
    if (now >= this.endsAt) this.retire(now);
    else if (!this.connection.isHandshaking) this.checkSilence(now);
  }

  private findReasonToClose(now: number): readonly [code: number, reason: string] | undefined {
    const { limits, heartbeat } = this.context;
    if (this.connection.isHandshaking && now >= this.helloBy)
      return [CloseCode.HelloTimeout, 'no hello in time'];
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

  /** Asks the client of an old connection to reconnect; drains the connection if it stays. */
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
