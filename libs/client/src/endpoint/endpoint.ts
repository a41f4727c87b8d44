import {
  clientMessageText,
  CodedError,
  decodeMessage,
  encodeMessage,
  type ClosedFrame,
  type EncodedMessage,
  type Message,
  type MessageClass,
  type OpenedFrame,
  type ServerFrame,
} from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { OfflinePolicy } from '../client-options.js';
import { closedError, type ConnectedStream, type Connection } from '../connection/connection.js';
import { Pending } from '../connection/pending.js';
import { Listeners } from '../listeners.js';
import type { EndpointStream } from './endpoint-stream.js';
import { Readers } from './readers.js';
import type { SendOptions } from './send-options.js';
import { utf8Length } from './utf8-length.js';

/** A message on its way to the server. */
class Outgoing extends Pending {
  endpoint!: string;
  encoded!: EncodedMessage;
  bytes!: number;
  offline!: OfflinePolicy;
  sent?: true;
}

// The longest id has nine digits more than the 0 that a message is measured with.
const MORE_DIGITS = 9;

/** The client's side of one endpoint: its stream, and what waits for it. */
export class Endpoint implements EndpointStream<Message, Message>, ConnectedStream {
  readonly stream: Readers<Message>;
  readonly #listeners: Listeners<() => void>;
  readonly #channels = new Set<unknown>();
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #session: unknown;
  #used = false;
  #waiting: Outgoing[] = [];
  #front = Infinity;

  constructor(
    private readonly name: string,
    private readonly classes: ReadonlyMap<string, MessageClass>,
    private readonly connection: Connection,
  ) {
    this.#listeners = new Listeners(connection.options.onWarning);
    this.stream = new Readers(name, connection.options, () => this.#use());
  }

  async sendStreamMessage(message: Message, given: SendOptions = {}): Promise<void> {
    const { options, welcome } = this.connection;
    const { timeoutMs = options.timeoutMs, offline = options.offline, signal } = given;
    const outgoing = this.#prepare(message, offline);
    this.#use();
    if (!welcome && offline === 'drop') return;
    this.#admit(outgoing);
    outgoing.limit({ timeoutMs, signal }, options.clock, () => this.#late(outgoing));
    this.#waiting.splice(this.#front++, 0, outgoing);
    this.#pump();
    return outgoing.promise;
  }

  addStreamOpenedListener(listener: () => void): () => void {
    if (this.#state === 'open') listener();
    const remove = this.#listeners.add(listener);
    this.#use();
    return remove;
  }

  /** Opens the stream if it is in use. */
  connected(): void {
    if (this.#state !== 'closed' || !(this.#used || this.#listeners.size)) return;
    const settle = (error?: CodedError) => error && this.#refused(error);
    this.#state = 'opening';
    this.connection.ask({ settle }, (id) => JSON.stringify({ t: 'open', id, endpoint: this.name }));
    this.#pump();
  }

  received(frame: ServerFrame): void {
    if (frame.t === 'publication' && this.#channels.has(frame.channel)) this.#deliver(frame.type, frame.data);
    else if ((frame as OpenedFrame).endpoint === this.name) this.#handle(frame);
    this.#pump();
  }

  lost(reason: string): void {
    this.#state = 'closed';
    this.#channels.clear();
    this.connection.answers.forsake(reason, this.name);
    this.#giveUp();
  }

  ended(error?: CodedError): void {
    this.#used = false;
    this.#giveUp(error ?? clientError('CLIENT_CLOSED', 'by close()'));
    this.stream.end(error);
  }

  #handle(frame: ServerFrame): void {
    if (frame.t === 'opened') this.#opened(frame);
    // A stream that the server opens by itself may speak before it says that it is open.
    else if (frame.t === 'message') this.#deliver(frame.type, frame.data);
    else if (frame.t === 'subscribed') this.#channels.add(frame.channel);
    else if (frame.t === 'unsubscribed') this.#channels.delete(frame.channel);
    else if (frame.t === 'closed' && this.#state !== 'closed') this.#closed(frame);
  }

  #opened({ session }: OpenedFrame): void {
    if (this.#state === 'open' && this.#session === session) return;
    this.#state = 'opening';
    this.#session = session;
    // What a listener sends goes before what waits already.
    this.#front = 0;
    this.#listeners.call((run) => run());
    this.#front = Infinity;
    this.#state = 'open';
  }

  #refused(error: CodedError): void {
    // The loss of the connection is no refusal; and a server that goes away refuses, the next one will not.
    if (/UNCERTAIN|DRAINING/.test(error.code)) return;
    this.#state = 'closed';
    this.ended(error);
  }

  /** Ends the stream as the server says; while the server goes away, until the next connection only. */
  #closed({ reason: { code, message } }: ClosedFrame): void {
    this.lost(message);
    if (this.connection.spreadMs === undefined) this.ended(new CodedError(code, message));
  }

  #deliver(type: string, data: object): void {
    try {
      this.stream.push(decodeMessage(this.classes.get(type)!, data));
    } catch (error) {
      this.stream.ignore(type, error);
    }
  }

  #use(): void {
    this.#used = true;
    if (this.connection.welcome) this.connected();
  }

  #prepare(message: Message, offline: OfflinePolicy): Outgoing {
    const encoded = encodeMessage(message);
    if (!this.classes.has(encoded.type))
      throw clientError('NOT_A_MESSAGE', `${encoded.type} is not in \`messages\``);
    const bytes = utf8Length(clientMessageText(0, this.name, encoded)) + MORE_DIGITS;
    return Object.assign(new Outgoing(), { endpoint: this.name, encoded, bytes, offline });
  }

  /** Throws when a message may not wait to be sent. */
  #admit({ offline, bytes }: Outgoing): void {
    let allBytes = bytes;
    const { options, status, welcome } = this.connection;
    if (status.kind === 'closed') throw closedError(status);
    if (!welcome && offline === 'throw') throw notConnected();
    this.#waiting = this.#waiting.filter(({ settled }) => !settled);
    const maxMessages = welcome ? options.maxWaitingMessages : options.maxOfflineMessages;
    for (const other of this.#waiting) allBytes += other.bytes;
    if (this.#waiting.length >= maxMessages || allBytes > options.maxWaitingBytes)
      throw clientError('QUEUE_FULL', `${this.#waiting.length} messages wait`);
  }

  /** Sends what waits, as far as the stream and the server take it. */
  #pump(): void {
    const { connection, name } = this;
    // With listeners, what they send goes first, and so all else waits until they were called.
    const ready = this.#state === 'open' || (this.#state === 'opening' && !this.#listeners.size);
    while (
      ready &&
      this.#waiting.length &&
      connection.answers.count(name) < connection.welcome!.maxPendingMessages
    )
      this.#transmit(this.#waiting.shift()!);
  }

  #transmit(outgoing: Outgoing): void {
    const { bytes, encoded } = outgoing;
    const { maxPayloadBytes } = this.connection.welcome!;
    if (outgoing.settled) return;
    if (bytes > maxPayloadBytes)
      return outgoing.settle(
        clientError('MESSAGE_TOO_LARGE', `${bytes} bytes; the server takes ${maxPayloadBytes}`),
      );
    outgoing.sent = true;
    this.connection.ask(outgoing, (id) => clientMessageText(id, this.name, encoded));
  }

  #late({ sent }: Outgoing): CodedError {
    if (sent) return clientError('ANSWER_TIMEOUT', 'it may have been handled');
    return this.connection.welcome ? clientError('BUSY', 'not sent: too much is unanswered') : notConnected();
  }

  /** Fails what was not sent; after a loss without the error, what asked to be queued stays. */
  #giveUp(error?: CodedError): void {
    this.#waiting = this.#waiting.filter((outgoing) => {
      const { offline } = outgoing;
      if (!error && offline === 'queue') return true;
      outgoing.settle(error ?? (offline === 'drop' ? undefined : notConnected()));
    });
  }
}

function notConnected(): CodedError {
  return clientError('NOT_CONNECTED', 'not sent; see connectWebSocket() and `offline`');
}
