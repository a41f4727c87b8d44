import {
  clientMessageText,
  CodedError,
  decodeMessage,
  encodeMessage,
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

/** A message on its way to the server. */
interface Outgoing extends Pending {
  readonly encoded: EncodedMessage;
  readonly bytes: number;
  readonly offline: OfflinePolicy;
  sent?: true;
}

// The longest id has nine digits more than the 0 that a message is measured with.
const MORE_DIGITS = 9;

/** The client's side of one endpoint: its stream, and what waits for it. */
export class Endpoint implements EndpointStream<Message, Message>, ConnectedStream {
  readonly stream: Readers<Message>;
  readonly #name: string;
  readonly #classes: ReadonlyMap<string, MessageClass>;
  readonly #connection: Connection;
  readonly #listeners: Listeners<[]>;
  readonly #channels = new Set<unknown>();
  /** What was sent and has no answer, in the order of sending. */
  readonly #flying = new Map<unknown, Outgoing>();
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #session: unknown;
  #used = false;
  #waiting: Outgoing[] = [];
  #front = Infinity;

  constructor(name: string, classes: ReadonlyMap<string, MessageClass>, connection: Connection) {
    const { options } = connection;
    this.#name = name;
    this.#classes = classes;
    this.#connection = connection;
    this.#listeners = new Listeners(options.onWarning);
    this.stream = new Readers(name, options, () => this.#use());
  }

  async sendStreamMessage(message: Message, given: SendOptions = {}): Promise<void> {
    const { options, welcome } = this.#connection;
    const { timeoutMs = options.timeoutMs, offline = options.offline, signal } = given;
    const encoded = encodeMessage(message);
    if (!this.#classes.has(encoded.type)) throw clientError('NOT_A_MESSAGE', `list ${encoded.type}`);
    this.#use();
    if (!welcome && offline === 'drop') return;
    // What is measured is well-formed, as JSON is.
    const text = encodeURIComponent(clientMessageText(0, this.#name, encoded));
    const bytes = text.replace(/%../g, '_').length + MORE_DIGITS;
    const outgoing: Outgoing = Object.assign(new Pending(), { encoded, bytes, offline });
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
    this.#state = 'opening';
    this.#connection.ask({ t: 'open', endpoint: this.#name }, (error) => error && this.#closed(error, error));
    this.#pump();
  }

  received(frame: ServerFrame, error?: CodedError): void {
    const { endpoint, id } = frame as OpenedFrame;
    if (frame.t === 'publication' && this.#channels.has(frame.channel)) this.#deliver(frame.type, frame.data);
    if (endpoint === this.#name) this.#handle(frame);
    if (this.#flying.has(id))
      for (const [other, outgoing] of this.#flying) {
        if (!error || other === id) {
          outgoing.settle(error);
          this.#flying.delete(other);
        }
        if (other === id) break;
      }
    this.#pump();
  }

  lost(reason: string): void {
    this.#leave(clientError('UNCERTAIN', reason));
  }

  ended(error?: CodedError): void {
    this.#used = false;
    this.#giveUp(error ?? closedError(this.#connection.status));
    this.stream.end(error);
  }

  #handle(frame: ServerFrame): void {
    if (frame.t === 'opened') this.#opened(frame.session);
    // A stream that the server opens by itself may speak before it says that it is open.
    if (frame.t === 'message') this.#deliver(frame.type, frame.data);
    if (frame.t === 'subscribed') this.#channels.add(frame.channel);
    if (frame.t === 'unsubscribed') this.#channels.delete(frame.channel);
    if (frame.t === 'closed' && this.#state !== 'closed') {
      const { code, message } = frame.reason;
      this.#closed(new CodedError(code, message), clientError('UNCERTAIN', message));
    }
  }

  #opened(session: string): void {
    if (this.#state === 'open' && this.#session === session) return;
    this.#state = 'opening';
    this.#session = session;
    // What a listener sends goes before what waits already.
    this.#front = 0;
    this.#listeners.call((run) => run());
    this.#front = Infinity;
    this.#state = 'open';
  }

  /** Ends the stream as the server says; while the server goes away, until the next connection only. */
  #closed(error: CodedError, sentError: CodedError): void {
    this.#leave(sentError);
    if (this.#connection.spreadMs === undefined) this.ended(error);
  }

  #leave(sentError: CodedError): void {
    this.#state = 'closed';
    this.#channels.clear();
    this.#flying.forEach((outgoing) => outgoing.settle(sentError));
    this.#flying.clear();
    this.#giveUp();
  }

  #deliver(type: string, data: object): void {
    try {
      this.stream.push(decodeMessage(this.#classes.get(type)!, data));
    } catch (error) {
      this.stream.ignore(type, error);
    }
  }

  #use(): void {
    this.#used = true;
    if (this.#connection.welcome) this.connected();
  }

  /** Throws when a message may not wait to be sent. */
  #admit({ offline, bytes }: Outgoing): void {
    const { options, status, welcome } = this.#connection;
    const { maxWaitingMessages, maxOfflineMessages, maxWaitingBytes } = options;
    if (status.kind === 'closed') throw closedError(status);
    if (!welcome && offline === 'throw') throw notConnected();
    this.#waiting = this.#waiting.filter(({ settled }) => !settled);
    for (const other of this.#waiting) bytes += other.bytes;
    if (
      this.#waiting.length >= (welcome ? maxWaitingMessages : maxOfflineMessages) ||
      bytes > maxWaitingBytes
    )
      throw clientError('QUEUE_FULL', `${this.#waiting.length} messages wait`);
  }

  /** Sends what waits, as far as the stream and the server take it. */
  #pump(): void {
    const { welcome } = this.#connection;
    // With listeners, what they send goes first, and so all else waits until they were called.
    const ready = this.#state === 'open' || (this.#state === 'opening' && !this.#listeners.size);
    while (ready && this.#waiting.length && this.#flying.size < welcome!.maxPendingMessages)
      this.#transmit(this.#waiting.shift()!, welcome!.maxPayloadBytes);
  }

  #transmit(outgoing: Outgoing, maxBytes: number): void {
    const { bytes, encoded, settled } = outgoing;
    if (settled) return;
    if (bytes > maxBytes)
      return outgoing.settle(clientError('MESSAGE_TOO_LARGE', `${bytes} bytes; at most ${maxBytes}`));
    const id = this.#connection.nextId();
    outgoing.sent = true;
    this.#flying.set(id, outgoing);
    this.#connection.send(clientMessageText(id, this.#name, encoded));
  }

  #late({ sent }: Outgoing): CodedError {
    if (sent) return clientError('ANSWER_TIMEOUT', 'it may have been handled');
    return this.#connection.welcome ? clientError('BUSY', 'not sent') : notConnected();
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
  return clientError('NOT_CONNECTED', 'not sent; see `offline`');
}
