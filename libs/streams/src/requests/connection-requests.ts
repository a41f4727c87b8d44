import { messageNameOf, type CodedError, type Message, type MessageClass } from '@nestwire/protocol';
import {
  MAX_FRAME_ID,
  type RequestFrame,
  type ResponseFrame,
  type ServerFrame,
} from '@nestwire/protocol/codec';
import type { StreamsLimits } from '../streams-limits.js';
import type { SessionCloseReason } from '../session/session-close-reason.js';
import type { MessageReader } from '../validation/message-reader.js';
import { isPromiseLike } from '../validation/promise-like.js';
import { laterMsOf } from '../validation/refusal.js';
import type { RequestOptions } from './request-options.js';
import {
  requestAborted,
  requestRefused,
  requestTimeout,
  requestUncertain,
  tooManyRequests,
  wrongReply,
} from './request.errors.js';

/** The operations of the connection that its requests use. */
export interface RequestsPort {
  readonly limits: Pick<StreamsLimits, 'maxRequests' | 'maxRequestsPerConnection' | 'requestTimeoutMs'>;
  /**
   * Returns the content of a request in the codec of the connection.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   */
  contentOf(message: object): Pick<RequestFrame, 'type' | 'data'>;
  /** Returns the reader of a class, which validates. */
  readerOf(cls: MessageClass): MessageReader;
  send(frame: ServerFrame): void;
  /**
   * Charges the client for a response that is refused, and closes the connection after too many.
   *
   * @param laterMs the time that the event loop spent on it in later turns
   */
  refused(laterMs?: number): void;
}

/** The session of a request. */
export interface AskingSession {
  readonly stream: string;
  readonly signal: AbortSignal;
}

/** A request without a response. */
interface Waiting {
  readonly session: AskingSession;
  readonly type: string;
  readonly readers: ReadonlyMap<string, MessageReader>;
  /** Settles the promise; only the first call has an effect. */
  readonly settle: (error: CodedError | undefined, reply?: Message) => void;
  /** Stops the time of the request. */
  readonly answered: () => void;
}

/** The maximum time of a timer in Node, in milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * The requests of the sessions of one connection to the client.
 *
 * A response settles the request with its number once. Other responses are refused and charged.
 */
export class ConnectionRequests {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor(private readonly port: RequestsPort) {}

  /** The number of requests without a response. */
  get size(): number {
    return this.waiting.size;
  }

  /**
   * Sends a request; resolves to the validated reply.
   *
   * @throws {TypeError} when `reply` names no message class, or `timeoutMs` is no time
   * @throws {CodedError} LIMIT_REACHED, NOT_A_MESSAGE, NOT_ENCODABLE, ABORTED before it is sent
   * @throws {CodedError} REQUEST_TIMEOUT, REQUEST_REFUSED, INVALID_MESSAGE, UNCERTAIN, ABORTED afterwards
   */
  async ask(session: AskingSession, message: object, options: RequestOptions): Promise<Message> {
    const { signal, timeoutMs = this.port.limits.requestTimeoutMs } = options;
    if (!(timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS))
      throw new TypeError(`"timeoutMs" must be above 0 and at most ${MAX_TIMER_MS}, got ${timeoutMs}.`);
    const readers = this.readersOf(options);
    const content = this.port.contentOf(message);
    if (signal?.aborted) throw requestAborted(content.type, signal.reason);
    this.checkBounds(session);
    const id = this.nextId();
    return new Promise((resolve, reject) => {
      const withdraw = (error: CodedError): void => {
        this.port.send({ t: 'withdrawn', request: id });
        settle(error);
      };
      const timer = setTimeout(() => withdraw(requestTimeout(content.type, timeoutMs)), timeoutMs);
      const aborted = (): void => withdraw(requestAborted(content.type, signal?.reason));
      const ended = (): void => settle(requestUncertain(content.type, reasonOf(session.signal)));
      const settle: Waiting['settle'] = (error, reply) => {
        this.waiting.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        session.signal.removeEventListener('abort', ended);
        if (error) reject(error);
        else resolve(reply!);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      session.signal.addEventListener('abort', ended, { once: true });
      const answered = (): void => clearTimeout(timer);
      this.waiting.set(id, { session, type: content.type, readers, settle, answered });
      this.port.send({ t: 'request', id, stream: session.stream, ...content, timeoutMs });
    });
  }

  /** Takes a response of the client. */
  receive(frame: ResponseFrame): void {
    const request = this.waiting.get(frame.request);
    if (!request) return this.port.refused();
    // From now on another response with this number is refused.
    this.waiting.delete(frame.request);
    request.answered();
    if (frame.error) return request.settle(requestRefused(request.type, frame.error));
    const read = request.readers.get(frame.type);
    if (read) return this.read(request, () => read(frame.data));
    this.port.refused();
    request.settle(wrongReply(frame.type, [...request.readers.keys()]));
  }

  private read({ settle }: Waiting, read: () => Message | Promise<Message>): void {
    const refused = (error: unknown): void => {
      this.port.refused(laterMsOf(error));
      // Readers throw only coded errors.
      settle(error as CodedError);
    };
    try {
      const reply = read();
      if (isPromiseLike(reply)) reply.then((message) => settle(undefined, message), refused);
      else settle(undefined, reply);
    } catch (error) {
      refused(error);
    }
  }

  private readersOf({ reply }: RequestOptions): Map<string, MessageReader> {
    const classes = (Array.isArray(reply) ? reply : [reply]) as readonly MessageClass[];
    const readers = new Map<string, MessageReader>();
    for (const cls of classes) {
      const name = messageNameOf(cls);
      if (!name) throw new TypeError('request(): "reply" must be a message class, or a list of them.');
      readers.set(name, this.port.readerOf(cls));
    }
    if (!readers.size) throw new TypeError('request(): "reply" must name a message class.');
    return readers;
  }

  private checkBounds(session: AskingSession): void {
    const { maxRequests, maxRequestsPerConnection } = this.port.limits;
    if (this.waiting.size >= maxRequestsPerConnection)
      throw tooManyRequests('maxRequestsPerConnection', maxRequestsPerConnection);
    let ofSession = 0;
    for (const request of this.waiting.values()) if (request.session === session) ofSession++;
    if (ofSession >= maxRequests) throw tooManyRequests('maxRequests', maxRequests);
  }

  private nextId(): number {
    do this.lastId = (this.lastId % MAX_FRAME_ID) + 1;
    while (this.waiting.has(this.lastId));
    return this.lastId;
  }
}

function reasonOf({ reason }: AbortSignal): string {
  return (reason as SessionCloseReason | undefined)?.message ?? '';
}
