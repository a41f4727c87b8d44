import {
  CodedError,
  decodeMessage,
  type ClosedFrame,
  type Message,
  type MessageClass,
  type OpenedFrame,
} from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { Connection } from '../connection/connection.js';
import type { EndpointStream } from './endpoint-stream.js';
import { notConnected, Outbox } from './outbox.js';
import { Readers } from './readers.js';

const RETRY_MS = 1_000;

/** The client's side of one endpoint: its stream, if open, and what waits on either side of it. */
export class Endpoint {
  /** The channels that flow into the stream. */
  readonly channels = new Set<unknown>();
  readonly outbox: Outbox;
  /** What the user of the client sees. */
  readonly face: EndpointStream<Message, Message>;
  readonly #readers: Readers<Message>;
  readonly #listeners = new Set<{ run: () => void }>();
  #state: 'closed' | 'opening' | 'open' = 'closed';
  #session?: unknown;
  #openId?: number;
  #retry: unknown;
  #used = false;

  constructor(
    private readonly name: string,
    private readonly classes: ReadonlyMap<string, MessageClass>,
    private readonly connection: Connection,
  ) {
    const { options } = connection;
    this.outbox = new Outbox(name, classes, connection, () => this.#takesMessages());
    this.#readers = new Readers(
      options,
      () => this.#use(),
      () => connection.warnOnce(`Messages of '${name}' are lost: nobody reads them fast enough.`),
    );
    this.face = {
      stream: this.#readers,
      sendStreamMessage: (message, sending = {}) => {
        this.#use();
        return this.outbox.send(message, sending);
      },
      addStreamOpenedListener: (run) => this.#addListener(run),
    };
  }

  /** Opens the stream on a new connection, if it is in use. */
  connected(): void {
    if (this.#used || this.#listeners.size) this.#open();
  }

  /** Opens the stream for a new identity, which may open what the last one could not. */
  authenticated(): void {
    if (this.#state === 'closed') this.connected();
  }

  opened({ session }: OpenedFrame): void {
    if (this.#state === 'open' && this.#session === session) return;
    this.#state = 'opening';
    this.#session = session;
    this.outbox.goFirst(() => {
      for (const { run } of [...this.#listeners]) this.connection.call(run);
    });
    this.#state = 'open';
    this.outbox.pump();
  }

  /** Takes the server's answer to `open`, if it is that; returns whether it is. */
  refuse(id: unknown, error: CodedError): boolean {
    if (id !== this.#openId || this.#state !== 'opening') return false;
    this.#state = 'closed';
    if (error.code === 'RATE_LIMITED') {
      const delayMs = Math.max(Number(error.retryAfterMs) || 0, RETRY_MS);
      this.#retry = this.connection.options.clock.setTimeout(() => this.#open(), delayMs);
    } else if (error.code !== 'DRAINING') this.#end(error);
    return true;
  }

  /** Ends the stream as the server says; while it goes away, until the next connection only. */
  closed({ reason }: ClosedFrame): void {
    if (this.#state === 'closed') return;
    this.#reset(`${reason?.code}`);
    if (this.connection.spreadMs === undefined)
      this.#end(new CodedError(`${reason?.code}`, `The server closed '${this.name}': ${reason?.message}`));
  }

  lost(reason: string): void {
    this.#reset(reason);
    this.outbox.giveUpWaiting(notConnected(), 'keep-queued');
  }

  /** Releases everything; readers end with an error when there is a reason. */
  dispose(reason?: string): void {
    this.#reset(reason ?? 'closed by the client');
    const error = clientError('CLIENT_CLOSED', `The client is closed: ${reason ?? 'by its user'}.`);
    this.outbox.giveUpWaiting(error);
    this.#used = false;
    this.#readers.end(reason && error);
    this.#readers.clear();
  }

  /** Hands a message of the server to the readers. */
  deliver(type: string, data: object): void {
    if (this.#state === 'closed') return;
    const cls = this.classes.get(type);
    try {
      if (!cls)
        throw clientError('UNKNOWN_MESSAGE', `List the class of '${type}' in the client's \`messages\`.`);
      this.#readers.push(decodeMessage(cls, data));
    } catch (error) {
      this.#readers.ignored++;
      this.connection.warnOnce(`A message of '${this.name}' is ignored.`, error);
    }
  }

  #takesMessages(): boolean {
    return this.#state === 'open' || (this.#state === 'opening' && !this.#listeners.size);
  }

  #use(): void {
    this.#used = true;
    if (this.#state === 'closed') this.#open();
  }

  #addListener(run: () => void): () => void {
    const listener = { run };
    this.#use();
    if (this.#state === 'open') this.connection.call(run);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.outbox.pump();
    };
  }

  #open(): void {
    const { connection } = this;
    if (!connection.welcome) return;
    connection.options.clock.clearTimeout(this.#retry);
    this.#state = 'opening';
    this.#openId = connection.nextId();
    connection.send(JSON.stringify({ t: 'open', id: this.#openId, endpoint: this.name }));
    this.outbox.pump();
  }

  #reset(reason: string): void {
    this.connection.options.clock.clearTimeout(this.#retry);
    this.#state = 'closed';
    this.channels.clear();
    this.outbox.forsake(reason);
  }

  #end(error: CodedError): void {
    this.#used = false;
    this.outbox.giveUpWaiting(error);
    this.#readers.end(error);
  }
}
