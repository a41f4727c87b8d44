import type { CodedError, EncodedMessage } from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { OfflinePolicy } from '../client-options.js';
import { Deferred } from '../connection/deferred.js';
import type { Clock } from '../transport/clock.js';

/** How one message is sent; what is left out is as the client's options say. */
export interface SendOptions {
  /** Time until the message must be answered, in ms, from the call on. */
  readonly timeoutMs?: number;
  /** Rejects the promise with ABORTED; a message that waits is not sent any more. */
  readonly signal?: AbortSignal;
  /** What happens to the message without a connection. */
  readonly offline?: OfflinePolicy;
}

/** A message on its way: waiting to be sent, or sent and waiting for its answer. */
export class PendingMessage {
  /** The id of its frame; undefined until it is sent. */
  id?: number;
  readonly #answer = new Deferred();
  readonly promise = this.#answer.promise;
  #timer: unknown;

  constructor(
    readonly encoded: EncodedMessage,
    readonly bytes: number,
    readonly options: SendOptions,
    private readonly clock: Clock,
    /** Takes the message out of the line, if it is still unsent. */
    private readonly giveUp: (message: PendingMessage) => void,
  ) {}

  /** Bounds the wait for the answer, and within it the wait for being sent. */
  start(timeoutMs: number, sendMs: number, unsent: () => CodedError): void {
    const { signal } = this.options;
    signal?.addEventListener('abort', this.#abort);
    const fail = (error: CodedError) => this.#fail(error);
    const late = () => fail(clientError('ANSWER_TIMEOUT', `No answer within ${timeoutMs} ms.`));
    const firstMs = Math.min(timeoutMs, sendMs);
    this.#timer = this.clock.setTimeout(() => {
      if (!this.id) fail(unsent());
      else if (firstMs === timeoutMs) late();
      else this.#timer = this.clock.setTimeout(late, timeoutMs - firstMs);
    }, firstMs);
  }

  /** Settles the promise; only the first time counts. */
  settle(error?: CodedError): void {
    this.clock.clearTimeout(this.#timer);
    this.options.signal?.removeEventListener('abort', this.#abort);
    if (error) this.#answer.reject(error);
    else this.#answer.resolve();
  }

  readonly #abort = () => this.#fail(abortedBy(this.options.signal!));

  #fail(error: CodedError): void {
    if (!this.id) this.giveUp(this);
    this.settle(error);
  }
}

/** Makes the error of a call whose signal aborted. */
export function abortedBy(signal: AbortSignal): CodedError {
  return clientError('ABORTED', 'The caller aborted.', signal.reason);
}
