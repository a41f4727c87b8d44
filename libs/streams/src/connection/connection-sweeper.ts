import { slicedWork } from '@nestwire/messages/internal';
import { CloseCode } from '@nestwire/protocol';
import type { StreamsLimits } from '../streams-limits.js';
import type { LiveConnection } from './live-connection.js';
import type { HeartbeatOptions } from './connection-context.js';
import type { ConnectionRegistry } from './connection-registry.js';
import type { UserRecheck } from '../auth/user-recheck.js';

const MAX_TICK_MS = 1_000;
const MIN_TICK_MS = 5;
const TICKS_PER_TIMEOUT = 4;

/** Forgets what is no longer needed. */
export interface Swept {
  sweep(now: number): void;
}

/** What the sweeper has to look after besides limits. */
export interface SweeperParts {
  readonly heartbeat: HeartbeatOptions;
  readonly recheck: UserRecheck;
  /** What is swept after each look at the connections. */
  readonly swept: readonly Swept[];
}

/** Looks at the clocks of all connections in turn: one timer for the whole process. */
export class ConnectionSweeper {
  private readonly tickMs: number;
  private readonly recheck: UserRecheck;
  private readonly swept: readonly Swept[];
  private timer: NodeJS.Timeout | undefined;
  private sweptAt = 0;
  /** How long the process was stalled since the last sweep began, in milliseconds. */
  private stallMs = 0;
  /** The sweep that takes more than one turn; it ends before the next one begins. */
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly limits: StreamsLimits,
    { heartbeat, recheck, swept }: SweeperParts,
  ) {
    this.recheck = recheck;
    this.swept = swept;
    const shortest = Math.min(
      heartbeat.pingMs,
      heartbeat.pongMs,
      limits.helloTimeoutMs,
      limits.unfinishedMessageMs,
      limits.handlerTimeoutMs,
      limits.slowConsumerMs,
      limits.closeTimeoutMs,
      limits.maxConnectionAgeMs,
      recheck.intervalMs || Infinity,
    );
    this.tickMs = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, shortest / TICKS_PER_TIMEOUT));
  }

  /** Begins to look; the timer keeps no process alive. */
  start(): void {
    this.sweptAt = performance.now();
    this.timer = setInterval(() => this.sweep(performance.now()), this.tickMs);
    this.timer.unref();
  }

  /** Stops looking. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** Looks once; a stall of this process is not held against the clients. */
  private sweep(now: number): void {
    const lateMs = now - this.sweptAt - this.tickMs;
    this.sweptAt = now;
    if (lateMs > MAX_TICK_MS) this.stallMs += lateMs;
    if (this.sweeping) return;
    const { stallMs } = this;
    this.stallMs = 0;
    let bytes = 0;
    const look = (connection: LiveConnection): void => {
      connection.watch.check(now, stallMs);
      this.recheck.enqueueIfDue(connection, now);
      bytes += connection.outbox.bytes;
    };
    this.sweeping = slicedWork.forEach(this.registry.all(), look);
    if (!this.sweeping) return this.endSweep(now, bytes);
    void this.sweeping.then(() => this.endSweep(now, bytes));
  }

  private endSweep(now: number, bytes: number): void {
    this.sweeping = undefined;
    this.relieve(bytes);
    for (const swept of this.swept) swept.sweep(now);
  }

  private relieve(bytes: number): void {
    if (bytes <= this.limits.outboundProcessBytes) return;
    let excess = bytes - this.limits.outboundProcessBytes;
    const largestFirst = [...this.registry.all()].sort((a, b) => b.outbox.bytes - a.outbox.bytes);
    for (const connection of largestFirst) {
      if (excess <= 0) return;
      excess -= connection.outbox.bytes;
      drop(connection);
    }
  }
}

function drop(connection: LiveConnection): void {
  connection.close(CloseCode.SlowConsumer, 'the process holds too many outbound bytes');
}
