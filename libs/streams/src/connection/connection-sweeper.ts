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

/** A part of the server that removes its expired entries. */
export interface Swept {
  sweep(now: number): void;
}

/** The parts that the sweeper uses besides the limits. */
export interface SweeperParts {
  readonly heartbeat: HeartbeatOptions;
  readonly recheck: UserRecheck;
  /** The parts that are swept after each check of the connections. */
  readonly swept: readonly Swept[];
}

/** Checks the deadlines of all connections with one timer for the process. */
export class ConnectionSweeper {
  private readonly tickMs: number;
  private readonly recheck: UserRecheck;
  private readonly swept: readonly Swept[];
  private timer: NodeJS.Timeout | undefined;
  private sweptAt = 0;
  /** The time that the process was stalled since the last sweep began, in milliseconds. */
  private stallMs = 0;
  /** The sweep in progress, if it takes more than one turn of the event loop. */
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

  /** Starts the timer, which does not keep the process alive. */
  start(): void {
    this.sweptAt = performance.now();
    this.timer = setInterval(() => this.sweep(performance.now()), this.tickMs);
    this.timer.unref();
  }

  /** Stops the timer. */
  stop(): void {
    clearInterval(this.timer);
  }

  /** Checks all connections once; a stall of this process does not count against the clients. */
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
