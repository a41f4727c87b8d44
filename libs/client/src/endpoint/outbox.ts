import {
  clientMessageText,
  encodeMessage,
  MAX_FRAME_ID,
  type CodedError,
  type MessageClass,
} from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { Connection } from '../connection/connection.js';
import { abortedBy, PendingMessage, type SendOptions } from './pending-message.js';
import { utf8Length } from './utf8-length.js';

/** The messages of one stream that are on their way, in the order of sending. */
export class Outbox {
  readonly #unanswered: PendingMessage[] = [];
  #waiting: PendingMessage[] = [];
  #waitingBytes = 0;
  #front = Infinity;

  constructor(
    private readonly endpoint: string,
    private readonly classes: ReadonlyMap<string, MessageClass>,
    private readonly connection: Connection,
    /** Whether the stream takes messages now. */
    private readonly ready: () => boolean,
  ) {}

  /** Takes a message to the server; resolves when it has been handled. */
  async send(message: object, options: SendOptions): Promise<void> {
    if (options.signal?.aborted) throw abortedBy(options.signal);
    const { clock, ...standard } = this.connection.options;
    const { timeoutMs = standard.timeoutMs, offline = standard.offline } = options;
    const pending = this.#prepare(message, { ...options, timeoutMs, offline });
    const connected = !!this.connection.welcome;
    if (!connected && offline === 'drop') return;
    const refusal = this.#refusal(pending, connected);
    if (refusal) throw refusal;
    this.#waiting.splice(this.#front++, 0, pending);
    this.#waitingBytes += pending.bytes;
    pending.start(timeoutMs, connected ? timeoutMs : standard.maxOfflineMs, () => this.#unsent());
    this.pump();
    return pending.promise;
  }

  /** Sends what waits, as far as the server lets messages be unanswered. */
  pump(): void {
    const { connection } = this;
    while (this.#waiting.length && this.ready()) {
      if (this.#unanswered.length >= connection.welcome!.maxPendingMessages) return;
      const pending = this.#waiting.shift()!;
      this.#waitingBytes -= pending.bytes;
      const error = this.#tooLarge(pending.bytes);
      if (error) pending.settle(error);
      else this.#transmit(pending);
    }
  }

  /** Puts what a function sends before what waits already. */
  goFirst(send: () => void): void {
    this.#front = 0;
    send();
    this.#front = Infinity;
  }

  /** Settles all messages up to the one with this id, in the order of sending. */
  answer(id: unknown): void {
    const last = this.#unanswered.findIndex((pending) => pending.id === id);
    for (const pending of this.#unanswered.splice(0, last + 1)) pending.settle();
    this.pump();
  }

  /** Fails the message with this id; returns whether there is one. */
  refuse(id: unknown, error: CodedError): boolean {
    const at = this.#unanswered.findIndex((pending) => pending.id === id);
    if (at < 0) return false;
    this.#unanswered.splice(at, 1)[0]!.settle(error);
    this.pump();
    return true;
  }

  /** Fails the messages whose answer cannot come any more. */
  forsake(reason: string): void {
    for (const pending of this.#unanswered.splice(0))
      pending.settle(
        clientError('UNCERTAIN', `No answer can come (${reason}): it may have been handled, or not.`),
      );
  }

  /** Fails the messages that were not sent, save those that may wait for another connection. */
  giveUpWaiting(error: CodedError, keepQueued?: 'keep-queued'): void {
    for (const pending of this.#waiting.splice(0)) {
      const { offline } = pending.options;
      if (keepQueued && offline === 'queue') this.#waiting.push(pending);
      else {
        this.#waitingBytes -= pending.bytes;
        pending.settle(keepQueued && offline === 'drop' ? undefined : error);
      }
    }
  }

  #prepare(message: object, options: SendOptions): PendingMessage {
    const encoded = encodeMessage(message);
    if (!this.classes.has(encoded.type))
      throw clientError('NOT_A_MESSAGE', `${encoded.type} is not listed in the client's \`messages\`.`);
    const envelope = clientMessageText(MAX_FRAME_ID, this.endpoint, { type: encoded.type, data: '' });
    const bytes = utf8Length(envelope) + utf8Length(encoded.data);
    return new PendingMessage(encoded, bytes, options, this.connection.options.clock, (pending) => {
      this.#waiting = this.#waiting.filter((other) => other !== pending);
      this.#waitingBytes -= pending.bytes;
    });
  }

  #refusal({ bytes, options }: PendingMessage, connected: boolean): CodedError | undefined {
    const limits = this.connection.options;
    if (this.connection.status.kind === 'closed')
      return clientError('CLIENT_CLOSED', 'The client is closed.');
    if (!connected && options.offline === 'throw') return notConnected();
    const maxMessages = connected ? limits.maxWaitingMessages : limits.maxOfflineMessages;
    const maxBytes = connected ? limits.maxWaitingBytes : limits.maxOfflineBytes;
    if (this.#waiting.length >= maxMessages || this.#waitingBytes + bytes > maxBytes)
      return clientError(
        'QUEUE_FULL',
        `Too much waits to be sent: the limit is ${maxMessages} messages, ${maxBytes} bytes.`,
      );
    return this.#tooLarge(bytes);
  }

  #tooLarge(bytes: number): CodedError | undefined {
    const max = this.connection.welcome?.maxPayloadBytes;
    return max && bytes > max
      ? clientError('MESSAGE_TOO_LARGE', `The message has ${bytes} bytes; the server's limit is ${max}.`)
      : undefined;
  }

  #unsent(): CodedError {
    return this.connection.welcome
      ? clientError('BUSY', 'Not sent: too many earlier messages are without answer.')
      : notConnected();
  }

  #transmit(pending: PendingMessage): void {
    pending.id = this.connection.nextId();
    this.#unanswered.push(pending);
    this.connection.send(clientMessageText(pending.id, this.endpoint, pending.encoded));
  }
}

/** Makes the error of a message that finds no connection. */
export function notConnected(): CodedError {
  return clientError('NOT_CONNECTED', 'Not sent: there is no connection. Connect, or send with `offline`.');
}
