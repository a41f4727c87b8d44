import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { MessagesError, type PostResult, type Subscription } from '@nestwire/messages';
import { ReservedChannel, ReservedHistoryChannel, slicedWork } from '@nestwire/messages/internal';
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
}

/** The orders of the last hour: a server that was cut off executes them when it is back. */
const HISTORY = { messages: 10_000, ageMs: 3_600_000 };
const STORED = new ReservedHistoryChannel('evictions', [EvictionNotice], HISTORY);
/** The channel of a broker without a history. */
const UNSTORED = new ReservedChannel('evictions', [EvictionNotice]);
const RETRY_MS = 500;
/** The maximum time until the caller learns that the order is not stored yet, in milliseconds. */
const DEGRADED_MS = 5_000;
/** The codes of posts that may succeed later. */
const TEMPORARY: ReadonlySet<string> = new Set(['UNAVAILABLE', 'UNCERTAIN', 'OVERLOADED', 'RETRY_TOO_LATE']);
const MAX_WAITING = 1_000;
const MAX_REASON_CHARACTERS = 1_024;

/** Ends streams on all servers of the cluster. */
export class Evictions {
  private readonly logger = new Logger('Streams');
  private readonly origin = randomUUID();
  private subscribed: Promise<Subscription | undefined> | undefined;
  private offStatus: (() => void) | undefined;
  /** The number of orders that are not stored yet. */
  private waiting = 0;
  private isStopped = false;

  constructor(
    private readonly channels: ClientChannels,
    private readonly connections: Pick<ConnectionRegistry, 'all' | 'size' | 'whenEmpty'>,
  ) {}

  /** Subscribes to the orders of other servers while this process has connections. */
  connected(): void {
    if (this.subscribed || this.isStopped) return;
    this.subscribed = this.subscribe();
    void this.connections.whenEmpty().then(() => this.release());
  }

  /** Unsubscribes, and gives up the orders that are not stored. */
  stop(): void {
    this.isStopped = true;
    this.unsubscribe();
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
    this.execute(eviction, why);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<PostResult>((resolve) => {
      timer = setTimeout(() => resolve({ delivered: 'degraded' }), DEGRADED_MS).unref();
    });
    return Promise.race([this.publish(eviction, why), late]).finally(() => clearTimeout(timer));
  }

  private async subscribe(): Promise<Subscription | undefined> {
    const { messages, backend } = this.channels;
    try {
      const subscription = backend.history
        ? await messages.addListener(STORED, (notice) => this.take(notice))
        : await messages.addListener(UNSTORED, (notice) => this.take(notice));
      if (messages.status === 'degraded') this.recheckLater();
      return subscription;
    } catch {
      // The application has shut down.
      return undefined;
    }
  }

  /** Rechecks once the cluster is reached, because the orders before that are unknown. */
  private recheckLater(): void {
    this.offStatus ??= this.channels.messages.addStatusListener((status) => {
      if (status === 'degraded') return;
      this.offStatus?.();
      this.offStatus = undefined;
      this.recheck();
    });
  }

  /** Unsubscribes when the last connection has ended. */
  private release(): void {
    this.unsubscribe();
    if (this.connections.size) this.connected();
  }

  private unsubscribe(): void {
    void this.subscribed?.then((subscription) => subscription?.remove());
    this.subscribed = undefined;
    this.offStatus?.();
    this.offStatus = undefined;
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
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  private take(notice: EvictionNotice | StreamGap): void {
    if (notice instanceof StreamGap) return this.recheck();
    const { from, endpoint, params: paramsText, userId, sessionId, code, message } = notice;
    if (from === this.origin) return;
    const eviction = { endpoint, paramsText, userId, sessionId };
    if (!isEviction(eviction)) return this.logger.warn('A malformed order to close streams was dropped.');
    this.channels.revocations.forgetClosed(endpoint);
    const reason = [code, message].map((text) => String(text).slice(0, MAX_REASON_CHARACTERS));
    this.execute(eviction, new SessionCloseReason(reason[0]!, reason[1]!));
  }

  private execute(eviction: Eviction, reason: SessionCloseReason): void {
    const isEvicted = evictionMatcher(eviction);
    void slicedWork.forEach(this.connections.all(), ({ streams }) => streams.evict(isEvicted, reason));
  }

  /** Lets the guards decide again, because orders to close streams are lost. */
  private recheck(): void {
    this.logger.warn('Orders to close streams may be lost. The guards of all open streams run again.');
    void slicedWork.forEach(this.connections.all(), ({ streams }) => void streams.reauthorize());
  }
}

function noticeOf(from: string, eviction: Eviction, { code, message }: SessionCloseReason): EvictionNotice {
  const { endpoint, paramsText: params, userId, sessionId } = eviction;
  return create(EvictionNotice, {
    ...{ from, endpoint, params, code, message: message.slice(0, MAX_REASON_CHARACTERS) },
    ...(userId !== undefined && { userId }),
    ...(sessionId !== undefined && { sessionId }),
  });
}

function tooMany(): CodedError {
  const text = `${MAX_WAITING} orders to close streams wait to be stored: call close() again later.`;
  return new CodedError(ErrorCode.Busy, text, { retryAfterMs: RETRY_MS });
}
