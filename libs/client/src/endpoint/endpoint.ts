import { CodedError, type Message, type MessageClass, messageNameOf } from '@nestwire/protocol';
import type { OpenedFrame, PositionFrame, ServerFrame } from '@nestwire/protocol/codec';
import {
  decodeMessage,
  encodeProperties,
  type MessageOrigin,
  rememberOrigin,
} from '@nestwire/protocol/internal';
import { clientError, closedError, notConnectedError } from '../client-error.js';
import { withDefaults } from '../client-options.js';
import type { ConnectedStream } from '../connection/connected-stream.js';
import type { ClientConnection } from '../connection/client-connection.js';
import { TOO_LARGE } from '../connection/close-codes.js';
import { Pending } from '../connection/pending.js';
import { addListener, callListeners, type Listeners } from '../listeners.js';
import type { EndpointStream } from './endpoint-stream.js';
import { GAP, ChannelPositions } from './channel-positions.js';
import { hasRoom, sizeOf, unsentError, type Outgoing, type Sendable } from './outgoing.js';
import { iteratorsOf, type StreamIterators } from './stream-iterators.js';
import type { SendOptions } from './send-options.js';

/** The codes of an attempt that was not handled: another attempt may have been. */
const REFUSED = /^(BUSY|RATE_LIMITED|DRAINING|STREAM_NOT_OPEN|UNAVAILABLE|OVERLOADED)$/;

/** The client's side of one endpoint: its stream, and what waits for it. */
export class Endpoint implements EndpointStream<Message, Message>, ConnectedStream {
  declare readonly stream: StreamIterators<Message>;
  readonly held = new ChannelPositions();
  readonly name: string;
  readonly #classes: ReadonlyMap<string, MessageClass>;
  readonly #connection: ClientConnection;
  readonly #listeners: Listeners = new Set();
  #channels = new Set<string>();
  /** Those of the connection that was left, until they flow by the next one. */
  #leaving = new Set<string>();
  /** What was sent and has no answer, in the order of sending. */
  readonly #flying = new Map<unknown, Outgoing>();
  /** Set when the stream opens or is open; the id of the `open`, if one was sent. */
  #opening?: number;
  /** The id of the session; undefined while the stream is not open. */
  #session?: string;
  #used = false;
  #lateReaders = 0;
  #waiting: Outgoing[] = [];
  #front = Infinity;
  #lostBy?: string;
  /** That answers of the connection that was left are awaited. */
  #moving = false;

  constructor(name: string, classes: ReadonlyMap<string, MessageClass>, connection: ClientConnection) {
    const { options } = connection;
    this.name = name;
    this.#classes = classes;
    this.#connection = connection;
    const used = (isLate: unknown) => {
      // What a channel began with is not given twice.
      if (isLate && this.held.size && !this.#lateReaders++)
        options.onWarning(`nestwire: ${name}: a late reader has no snapshot: read once, into a store`);
      this.#use();
    };
    this.stream = iteratorsOf(name, options, { used, taken: () => this.#keep() });
  }

  async sendStreamMessage(message: Message, given: SendOptions = {}): Promise<void> {
    const { options, welcome, status } = this.#connection;
    const { outbox } = options;
    if (given.durable && !outbox) throw new TypeError('durable: set outbox');
    const limits = withDefaults(given, given.durable ? { ...options, ...outbox!.limits } : options);
    const { offline } = limits;
    const type = messageNameOf(message?.constructor);
    if (!type || !this.#classes.has(type))
      throw clientError('NOT_A_MESSAGE', `mark and list ${message?.constructor?.name}`);
    const data = encodeProperties(message, options.codec.natives);
    this.#use();
    if (!welcome) {
      if (offline === 'drop') return;
      if (status.kind === 'closed') throw closedError(status);
      if (offline === 'throw') throw notConnectedError();
    }
    const frame: Sendable = { t: 'message', id: 0, endpoint: this.name, type, data };
    const bytes = sizeOf(this.#connection.encode(frame));
    const { user } = this.#connection;
    const outgoing = Object.assign(new Pending(), { frame, bytes, offline, own: !this.#front, user });
    if (given.durable) outbox!.add(outgoing, message);
    else if (!hasRoom(this.#waiting, bytes, this.#connection)) throw clientError('QUEUE_FULL');
    outgoing.limit(limits, () => unsentError(frame, this.#connection));
    this.enqueue(outgoing);
    try {
      await outgoing.promise;
    } catch (error) {
      // Made here, its stack names who awaits this call; the first one names an event of the socket.
      throw redelivered(error as CodedError);
    }
  }

  enqueue(outgoing: Outgoing): void {
    this.#waiting = this.#waiting.filter(({ settled }) => !settled);
    this.#waiting.splice(this.#front++, 0, outgoing);
    this.#use();
    this.#pump();
  }

  addStreamOpenedListener(listener: () => void): () => void {
    if (this.#session) this.#ahead(new Set([listener]));
    const remove = addListener(this.#listeners, () => listener());
    this.#use();
    return remove;
  }

  changed(user?: string | null): void {
    // The server keeps it: what waits is this user's now.
    if (this.#session)
      return this.#waiting.forEach((outgoing) => outgoing.frame.id || (outgoing.user = user));
    this.#channels.clear();
    this.#leaving.clear();
    this.held.clear();
    this.stream.clear();
    this.#keep();
  }

  /** Opens the stream if it is in use. */
  connected(): void {
    const { user } = this.#connection.welcome!;
    // What somebody else sent is not sent again.
    this.#flying.forEach((outgoing) => outgoing.user === user || (outgoing.until = 0));
    if (this.#opening || !(this.#used || this.#listeners.size)) return;
    this.#opening = this.#connection.ask({ t: 'open', endpoint: this.name });
    this.#pump();
  }

  received(frame: ServerFrame, error?: CodedError, old?: unknown): void {
    const { endpoint, id, channel } = frame as OpenedFrame & PositionFrame;
    if (frame.t === 'publication') {
      const channels = old ? this.#leaving : this.#channels;
      const isMine = endpoint ? endpoint === this.name : channels.has(channel);
      // From its first publication on, the next server gives all that follows.
      if (isMine && !old) this.#leaving.delete(channel);
      if (isMine && this.held.advance(frame, old))
        this.#deliver(
          frame.type,
          frame.data,
          { channel, wirePosition: frame.id === undefined ? undefined : this.held.get(channel)!.position },
          // With an epoch it is a gap itself, or of a channel of which only the newest message counts.
          !frame.epoch && frame.id,
        );
      if (this.held.isDiverged) this.#connection.doubt();
    } else if (endpoint === this.name) this.#handle(frame, error, old);
    if (id && id === this.#opening && error) this.#closed(error, error);
    this.#keep(channel);
    if (this.#flying.has(id))
      for (const [other, outgoing] of this.#flying) {
        if (!error || other === id) {
          // The refusal of a repeated message says nothing about its first handling.
          const isUnknown = error && outgoing.frame.redelivered && REFUSED.test(error.code);
          outgoing.settle(isUnknown ? clientError('UNCERTAIN', error.message, { cause: error }) : error);
          this.#flying.delete(other);
        }
        if (other === id) break;
      }
    if (this.#flying.size && this.#connection.welcome) this.#connection.awaits();
    this.#pump();
  }

  get isMoving(): unknown {
    // What its sender has given up is not awaited.
    this.#moving &&= [...this.#flying.values()].some(({ settled }) => !settled);
    return this.#moving || (this.#opening && !this.#session);
  }

  get unanswered(): readonly Promise<void>[] {
    const all = [...this.#flying.values(), ...this.#waiting];
    return all.filter(({ settled }) => !settled).map(({ promise }) => promise);
  }

  get isBehind(): boolean {
    const { held } = this;
    return [...held.keys()].some((channel) =>
      held[this.#channels.has(channel) ? 'isBehind' : 'isUntold'](channel),
    );
  }

  missed(): void {
    for (const [channel, { resumeToken }] of this.held)
      if (resumeToken) this.#deliver(GAP, { channel, reason: 'unreadable' });
  }

  moved(): void {
    this.held.moved();
    this.#session = this.#opening = undefined;
    this.#leaving = this.#channels;
    this.#channels = new Set();
    this.#moving = true;
  }

  left(): void {
    if (this.#moving) this.#takeBack();
    this.#pump();
  }

  lost(reason?: string, openError?: CodedError): void {
    this.#session = this.#opening = undefined;
    this.#lostBy = reason;
    this.#channels.clear();
    this.held.lost();
    // What went behind a refused `open` was answered with it.
    if (openError) this.#flying.forEach((outgoing) => outgoing.settle(openError));
    this.#takeBack();
    this.#giveUp();
  }

  /** Lets what flies wait again, before all else. */
  #takeBack(): void {
    this.#moving = false;
    this.#waiting.unshift(...this.#flying.values());
    this.#flying.clear();
  }

  ended(error?: CodedError): void {
    this.#used = false;
    this.held.clear();
    this.#giveUp(error ?? closedError(this.#connection.status));
    this.stream.end(error);
  }

  #handle(frame: ServerFrame, error?: CodedError, old?: unknown): void {
    if (frame.t === 'opened' && this.#session !== frame.session) {
      this.#opening ||= -1;
      this.#session = frame.session;
      this.#ahead(this.#listeners);
    }
    // A stream that the server opens by itself may speak before it says that it is open.
    if (frame.t === 'message') {
      const { channel } = frame;
      if (channel) {
        this.#leaving.delete(channel);
        // The next server leads on from where the client stands: a snapshot here could take back what it has sent.
        if (old) return;
        this.held.restart(channel);
      }
      this.#deliver(frame.type, frame.data);
    }
    if (frame.t === 'subscribed') {
      this.#channels.add(frame.channel);
      this.#leaving.delete(frame.channel);
    }
    if (frame.t === 'subscribed' || frame.t === 'position') this.held.place(frame);
    if (frame.t === 'unsubscribed') {
      this.#channels.delete(frame.channel);
      this.held.delete(frame.channel);
    }
    if (frame.t === 'closed' && this.#opening) this.#closed(error!);
  }

  /** Ends the stream as the server says; while the server goes away, until the next connection only. */
  #closed(error: CodedError, sentError?: CodedError): void {
    if (/^identity.changed$/i.test(error.code)) {
      // It opens again when the server says who the connection belongs to.
      this.#session = this.#opening = undefined;
      return this.changed();
    }
    this.lost(error.message, sentError);
    if (this.#connection.spreadMs === undefined) this.ended(error);
  }

  #deliver(type: string, data: object, origin?: MessageOrigin, hasGaps?: unknown): void {
    try {
      const cls = this.#classes.get(type);
      // The page may be older than its server.
      if (!cls) throw new Error(`${type} is not in messages: add its class, or load the page anew`);
      const message = decodeMessage(cls, data);
      if (origin) rememberOrigin(message, origin);
      this.stream.push(message);
    } catch (error) {
      // Of a class that is not known here nobody misses anything.
      if (hasGaps && this.#classes.has(type))
        this.#deliver(GAP, { channel: origin!.channel, reason: 'unreadable' }, origin);
      if (!this.stream.ignored++)
        this.#connection.options.onWarning(`nestwire: ${this.name} ignores ${type}`, error);
    }
  }

  #keep(channel?: string): void {
    this.#connection.options.positions?.moved(this, channel);
  }

  #use(): void {
    this.#used = true;
    if (this.#connection.welcome) this.connected();
  }

  /** Calls what sends messages of the session: they go before what waits already. */
  #ahead(listeners: Listeners): void {
    this.#front = 0;
    callListeners(listeners, this.#connection.options.onWarning);
    this.#front = Infinity;
    this.#pump();
  }

  /** Sends what waits, as far as the stream and the server take it. */
  #pump(): void {
    const { welcome } = this.#connection;
    // Messages are handled in their order, so what is new waits for the last answers of what was left.
    // With listeners, what they send goes first, and so all else waits until they were called. What
    // was sent before waits for the open too: else its refusal would say that it was not handled.
    const waits = this.#listeners.size || this.#waiting[0]?.frame.id;
    const ready =
      !(this.isMoving && this.#moving) &&
      !this.#connection.isSigningIn &&
      this.#opening &&
      this.#front === Infinity &&
      (this.#session || !waits);
    while (ready && this.#waiting.length && this.#flying.size < welcome!.maxPendingMessages) {
      const outgoing = this.#waiting.shift()!;
      if (!outgoing.settled) this.#send(outgoing);
    }
  }

  #send(outgoing: Outgoing): void {
    const connection = this.#connection;
    const { options, socket } = connection;
    const { frame, own } = outgoing;
    const { maxPayloadBytes, resendMs = 0, user } = connection.welcome!;
    if (!frame.id) {
      if (outgoing.isNotFor?.(user)) return;
      if (!outgoing.isNotFor && ![undefined, user].includes(outgoing.user))
        return outgoing.settle(clientError('IDENTITY_CHANGED'));
      frame.id = connection.nextId();
      outgoing.until = own ? 0 : options.clock.now() + resendMs;
      outgoing.user = user;
    } else if (this.#mayRepeat(outgoing) && resendMs && outgoing.user === user) frame.redelivered = true;
    else return outgoing.settle(this.#uncertain());
    const payload = connection.encode(frame);
    const bytes = sizeOf(payload);
    if (bytes > maxPayloadBytes)
      return outgoing.settle(clientError('MESSAGE_TOO_LARGE', `${bytes} > ${maxPayloadBytes} bytes`));
    this.#flying.set(frame.id, outgoing);
    connection.awaits();
    // By the connection that it was meant for, also if that was left meanwhile.
    const send = () => socket.send(payload);
    if (options.outbox) options.outbox.leaves(outgoing, send);
    else send();
  }

  #mayRepeat({ until }: Outgoing): boolean {
    return until! > this.#connection.options.clock.now() && !this.#lostBy?.startsWith(TOO_LARGE);
  }

  #uncertain(): CodedError {
    return clientError('UNCERTAIN', this.#lostBy);
  }

  /** Fails what waits; after a loss without the error, what may go to the next connection stays. */
  #giveUp(error?: CodedError): void {
    this.#waiting = this.#waiting.filter((outgoing) => {
      const { offline, frame } = outgoing;
      if (!error && (frame.id ? this.#mayRepeat(outgoing) : offline === 'queue')) return true;
      if (frame.id) outgoing.settle(this.#uncertain());
      else outgoing.settle(error ?? (offline === 'drop' ? undefined : notConnectedError()));
    });
  }
}

function redelivered(error: CodedError): CodedError {
  return new CodedError(error.code, error.message, error);
}
