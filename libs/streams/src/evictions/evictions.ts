import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { MessagesError, type PostResult, type Subscription } from '@nestwire/messages';
import { FOLLOW, ReservedChannel, ReservedHistoryChannel, slicedWork } from '@nestwire/messages/internal';
import { CodedError, create, ErrorCode, StreamGap, StreamMessage } from '@nestwire/protocol';
import type { ConnectionRegistry } from '../connection/connection-registry.js';
import { SessionCloseReason } from '../session/session-close-reason.js';
import type { ClientChannels } from '../subscriptions/client-channels.js';
import {
  evictionOf,
  isEviction,
  evictionMatcher,
  type Eviction,
  type StreamsToClose,
} from './streams-to-close.js';

/**
 * Reports an eviction to the other servers of the cluster.
 *
 * Histories accept no names that begin with `nestwire.`; only a reserved channel carries this class.
 */
@StreamMessage('nestwire#eviction')
class EvictionNotice {
  declare readonly $type: 'nestwire#eviction';
  /** The id of the posting process, which has already ended its own sessions. */
  from!: string;
  endpoint!: string;
  params!: string;
  userId?: string;
  sessionId?: string;
  code!: string;
  message!: string;
  /** The time of the order, in milliseconds since 1970. */
  atMs!: number;
}

/** The orders of the last hour: a server that was cut off executes them when it is back. */
const HISTORY = { messages: 10_000, ageMs: 3_600_000 };
const STORED = new ReservedHistoryChannel('evictions', [EvictionNotice], HISTORY);
/** The channel of a broker without a history. */
const UNSTORED = new ReservedChannel('evictions', [EvictionNotice]);
const RETRY_MS = 500;
/** The maximum time until the caller learns that the order is not stored yet, in milliseconds. */
const DEGRADED_MS = 5_000;
/** The maximum time for which the start waits for the subscription, in milliseconds. */
const START_MS = 2_000;
/** The codes of posts that may succeed later. */
const TEMPORARY: ReadonlySet<string> = new Set(['UNAVAILABLE', 'UNCERTAIN', 'OVERLOADED', 'RETRY_TOO_LATE']);
const MAX_WAITING = 1_000;
const MAX_REASON_CHARACTERS = 1_024;

/** Ends streams on all servers of the cluster. */
export class Evictions {
  private readonly logger = new Logger('Streams');
  private readonly origin = randomUUID();
  private readonly startedAtMs = Date.now();
  private readonly subscriptions: Subscription[] = [];
  private offStatus: (() => void) | undefined;
  /** The number of orders that are not stored yet. */
  private waiting = 0;
  /** True once the server may accept connections. */
  private isStarted = false;
  private isStopped = false;

  constructor(
    private readonly channels: ClientChannels,
    private readonly connections: Pick<ConnectionRegistry, 'all' | 'size'>,
  ) {}

  /**
   * Subscribes to the orders of other servers.
   *
   * Resolves when all later orders arrive, at the latest after two seconds. If the cluster cannot be reached
   * by then, the orders since the start of the process are executed when it is reached.
   */
  async start(): Promise<void> {
    await within(START_MS, this.subscribe(), undefined);
    this.isStarted = true;
  }

  /** Unsubscribes, and gives up the orders that are not stored. */
  stop(): void {
    this.isStopped = true;
    this.offStatus?.();
    for (const subscription of this.subscriptions.splice(0)) subscription.remove();
  }

  /**
   * Ends the streams of this process, and orders the other servers to do the same.
   *
   * @throws {CodedError} INVALID_MESSAGE, BUSY
   */
  async close(which: StreamsToClose, reason: SessionCloseReason | string): Promise<PostResult> {
    const eviction = evictionOf(which);
    if (this.waiting >= MAX_WAITING) throw tooMany();
    const why = typeof reason === 'string' ? new SessionCloseReason('evicted', reason) : reason;
    void this.execute(eviction, why);
    return within<PostResult>(DEGRADED_MS, this.publish(eviction, why), { delivered: 'degraded' });
  }

  private async subscribe(): Promise<void> {
    try {
      await (this.channels.backend.history ? this.followStored() : this.listenUnstored());
    } catch (error) {
      // The application has shut down during its start.
      if (!(error instanceof MessagesError && error.code === 'MESSAGES_CLOSED')) throw error;
    }
  }

  private async followStored(): Promise<void> {
    const { messages } = this.channels;
    this.hold(await messages.addListener(STORED, (notice) => this.receive(notice)));
    const following = await messages[FOLLOW](STORED, () => undefined);
    this.hold(following);
    // Without a position yet, the orders up to the first one are not delivered.
    following.recover(undefined, () => void (this.hasMissed && this.catchUp()));
  }

  private async listenUnstored(): Promise<void> {
    const { messages } = this.channels;
    // Orders that are posted during an outage are lost.
    this.offStatus = messages.addStatusListener((status) => status !== 'degraded' && this.recheckIfMissed());
    this.hold(await messages.addListener(UNSTORED, (notice) => void this.take(notice)));
    this.recheckIfMissed();
  }

  /** True when sessions may have opened before orders arrive. */
  private get hasMissed(): boolean {
    return this.isStarted && !this.isStopped && this.connections.size > 0;
  }

  private recheckIfMissed(): void {
    if (this.hasMissed) this.recheck();
  }

  private hold(subscription: Subscription): void {
    if (this.isStopped) subscription.remove();
    else this.subscriptions.push(subscription);
  }

  /** Voids the resume tokens and stores the order; retries as long as the process runs. */
  private async publish(eviction: Eviction, reason: SessionCloseReason): Promise<PostResult> {
    this.waiting++;
    try {
      // Tokens are void before a server executes the order, so that no evicted client resumes.
      if (eviction.sessionId === undefined) await this.channels.revocations.close(eviction);
      return await this.post(noticeOf(this.origin, eviction, reason));
    } finally {
      this.waiting--;
    }
  }

  private async post(notice: EvictionNotice): Promise<PostResult> {
    const { messages, backend } = this.channels;
    if (!backend.history) return messages.postMessage(UNSTORED, notice);
    let id: string | undefined;
    for (;;) {
      try {
        const { delivered } = await messages.postMessage(STORED, notice, { id });
        return { delivered };
      } catch (error) {
        if (this.isStopped || !(error instanceof MessagesError) || !TEMPORARY.has(error.code)) throw error;
        // A post that may be stored is repeated under its id, and stored once.
        id = error.messageId;
        await pause();
      }
    }
  }

  /** Executes the orders since the start of the process that were posted before this server received orders. */
  private async catchUp(): Promise<void> {
    // Guards run in any case, because clocks differ, and the history may not contain all orders.
    this.recheck();
    for (const notice of await this.readOrders()) {
      // A session that opened after such an order may end too, and can be opened again.
      if (notice.atMs >= this.startedAtMs) await this.take(notice);
    }
  }

  /** Reads the stored orders; retries until it succeeds, or the server stops. */
  private async readOrders(): Promise<readonly EvictionNotice[]> {
    while (!this.isStopped) {
      const orders = await this.channels.messages
        .readHistory(STORED, HISTORY.messages)
        .catch(() => undefined);
      if (orders) return orders;
      await pause();
    }
    return [];
  }

  private receive(notice: EvictionNotice | StreamGap): void {
    if (notice instanceof StreamGap) this.recheck();
    else void this.take(notice);
  }

  private take(notice: EvictionNotice): Promise<void> | undefined {
    const { from, endpoint, params: paramsText, userId, sessionId, code, message } = notice;
    if (from === this.origin) return undefined;
    const eviction = { endpoint, paramsText, userId, sessionId };
    if (!isEviction(eviction)) {
      this.logger.warn('A malformed order to close streams was dropped.');
      return undefined;
    }
    this.channels.revocations.forgetClosed(endpoint);
    const reason = [code, message].map((text) => String(text).slice(0, MAX_REASON_CHARACTERS));
    return this.execute(eviction, new SessionCloseReason(reason[0]!, reason[1]!));
  }

  private execute(eviction: Eviction, reason: SessionCloseReason): Promise<void> | undefined {
    const isEvicted = evictionMatcher(eviction);
    return slicedWork.forEach(this.connections.all(), ({ streams }) => streams.evict(isEvicted, reason));
  }

  /** Lets the guards decide again, because orders to close streams are lost. */
  private recheck(): void {
    if (!this.connections.size) return;
    this.logger.warn('Orders to close streams may be lost. The guards of all open streams run again.');
    void slicedWork.forEach(this.connections.all(), ({ streams }) => void streams.reauthorize());
  }
}

/** Settles like the promise, or resolves to the value after the time. */
function within<T>(ms: number, promise: Promise<T>, value: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(value), ms).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
}

function noticeOf(from: string, eviction: Eviction, { code, message }: SessionCloseReason): EvictionNotice {
  const { endpoint, paramsText: params, userId, sessionId } = eviction;
  return create(EvictionNotice, {
    ...{ from, endpoint, params, code, message: message.slice(0, MAX_REASON_CHARACTERS), atMs: Date.now() },
    ...(userId !== undefined && { userId }),
    ...(sessionId !== undefined && { sessionId }),
  });
}

function tooMany(): CodedError {
  const text = `${MAX_WAITING} orders to close streams wait to be stored: call close() again later.`;
  return new CodedError(ErrorCode.Busy, text, { retryAfterMs: RETRY_MS });
}
