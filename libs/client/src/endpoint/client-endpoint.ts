import type { CodedError, Message, MessageClass } from '@nestwire/protocol';
import type {
  OpenedFrame,
  OpenFrame,
  PositionFrame,
  ResumePosition,
  ServerFrame,
} from '@nestwire/protocol/codec';
import { type MessageOrigin, rememberOrigin } from '@nestwire/protocol/internal';
import type { CallOptions } from '../calls/call-options.js';
import { ClientCall, type CallRequest } from '../calls/client-call.js';
import { clientError, closedError, copyOf, notConnectedError } from '../client-error.js';
import { withDefaults } from '../client-options.js';
import type { ConnectedCall } from '../connection/connected-call.js';
import type { ConnectedStream } from '../connection/connected-stream.js';
import type { ClientConnection } from '../connection/client-connection.js';
import { TOO_LARGE } from '../connection/close-codes.js';
import { Pending } from '../connection/pending.js';
import { REFUSED } from '../connection/refused.js';
import { sizeOf, tooLargeError } from '../connection/size-of.js';
import { UNUSED_MS } from '../limits.js';
import { addListener, callListeners, type Listeners } from '../listeners.js';
import {
  RequestHandlers,
  type AskedFrame,
  type AskedSocket,
  type RequestHandler,
} from '../requests/request-handlers.js';
import { GAP, ChannelPositions } from './channel-positions.js';
import { endpointHandle } from './endpoint-handle.js';
import type { MessageClasses } from './message-classes.js';
import { hasRoom, unsentError, type Outgoing, type Sendable } from './outgoing.js';
import { iteratorsOf, type StreamIterators } from './stream-iterators.js';
import type { SendOptions } from './send-options.js';

/** The value of `#opening` for a stream that the server has opened without a request. */
const OPENED_BY_SERVER = -1;

/** The code of a stream that the server has closed until its next use. */
const EVICTED = 'evicted';

/** The value of `#insertAt` while new messages go to the end of the queue. */
const AT_END = Infinity;

/** The client's side of one endpoint: its stream, positions and outgoing messages. */
export class ClientEndpoint implements ConnectedStream {
  declare readonly stream: StreamIterators<Message>;
  readonly positions = new ChannelPositions();
  readonly name: string;
  readonly key: string;
  readonly handle: object;
  /** The frame that opens the stream, without its id. */
  readonly #open: Omit<OpenFrame, 'id'>;
  readonly #messages: MessageClasses;
  readonly #handlers: RequestHandlers;
  readonly #connection: ClientConnection;
  readonly #listeners: Listeners = new Set();
  #channels = new Set<string>();
  /** The subscribed channels of the former connection, until the current one delivers them. */
  #formerChannels = new Set<string>();
  /** The sent messages without an answer, in the order of sending. */
  readonly #inFlight = new Map<unknown, Outgoing>();
  /** The id of the `open` frame, or OPENED_BY_SERVER; undefined while the stream is closed. */
  #opening?: number;
  /** The id of the session; undefined while the stream is not open. */
  #session?: string;
  /** True when it opens with the connection; false when only the next use opens it. */
  #used?: boolean;
  /** True when it was used since the last check of `#watch`. */
  #wasUsed = false;
  #stopWatch?: () => void;
  #lateReaders = 0;
  #queue: Outgoing[] = [];
  /** The index at which the next message is queued; a number below AT_END while open listeners run. */
  #insertAt = AT_END;
  #lossReason?: string;
  #lossCode?: number;
  /** True while answers of the former connection are missing. */
  #awaitsFormer = false;

  constructor(name: string, messages: MessageClasses, connection: ClientConnection) {
    const { options } = connection;
    const paramsAt = name.indexOf('{');
    this.name = this.key = name;
    this.#open = { t: 'open', endpoint: name };
    if (paramsAt > 0) {
      const stream = (this.key = `#${connection.nextId()}`);
      this.#open = {
        t: 'open',
        endpoint: name.slice(0, paramsAt),
        stream,
        params: JSON.parse(name.slice(paramsAt)),
      };
    }
    this.#messages = messages;
    this.#handlers = new RequestHandlers(messages, options.onWarning);
    this.#connection = connection;
    const used = (isLate: unknown) => {
      // Only the first reader gets the snapshot of a channel.
      if (isLate && this.positions.size && !this.#lateReaders++)
        options.onWarning(`nestwire: ${name}: a late reader gets no snapshot: read once, into a store`);
      this.use();
    };
    this.stream = iteratorsOf(name, options, { used, taken: () => this.#savePositions() });
    this.handle = endpointHandle(
      (given) => connection.streamOf(name + JSON.stringify(given, Object.keys(given).sort())).handle,
      {
        stream: this.stream,
        sendStreamMessage: (message: Message, given?: SendOptions) => this.#sendStreamMessage(message, given),
        addStreamOpenedListener: (listener: () => void) => this.#addStreamOpenedListener(listener),
        onRequest: (cls: MessageClass, handler: RequestHandler<never, unknown>) => {
          const remove = this.#handlers.set(cls, handler);
          // A stream with a handler stays open, like one with a listener.
          const close = this.#addStreamOpenedListener(() => {});
          return () => {
            remove();
            close();
          };
        },
      },
      (request, given) => this.#call(request, given),
    );
  }

  async #sendStreamMessage(message: Message, given: SendOptions = {}): Promise<void> {
    const { options, welcome, status } = this.#connection;
    const { outbox } = options;
    if (given.durable && !outbox) throw new TypeError('`durable` needs the `outbox` option');
    const limits = withDefaults(given, given.durable ? { ...options, ...outbox!.limits } : options);
    const { offline } = limits;
    const payload = this.#messages.payloadOf(message);
    this.use();
    if (!welcome) {
      if (offline === 'drop') return;
      if (status.kind === 'closed') throw closedError(status);
      if (offline === 'throw') throw notConnectedError();
    }
    const frame: Sendable = { t: 'message', id: 0, stream: this.key, ...payload };
    const bytes = sizeOf(this.#connection.encode(frame));
    const { user } = this.#connection;
    const outgoing = Object.assign(new Pending(), {
      frame,
      bytes,
      offline,
      own: this.#insertAt !== AT_END,
      user,
    });
    if (given.durable) outbox!.add(outgoing, message, this.name);
    else if (!hasRoom(this.#queue, bytes, this.#connection)) throw clientError('QUEUE_FULL');
    outgoing.limit(limits, () => unsentError(frame, this.#connection));
    this.enqueue(outgoing);
    try {
      await outgoing.promise;
    } catch (error) {
      // The stack of a new error contains the caller; that of the original contains a socket event.
      throw copyOf(error as CodedError);
    }
  }

  #call(request: CallRequest, given?: CallOptions): object {
    const call = new ClientCall(this.#connection, this, this.#messages, request, given);
    const send = (): void => this.sendCalls();
    // `resume(id).cancel()` must not take the call over from its reader.
    if (request.start) send();
    else queueMicrotask(send);
    return call.handle;
  }

  enqueue(outgoing: Outgoing): void {
    this.#queue = this.#queue.filter(({ settled }) => !settled);
    this.#queue.splice(this.#insertAt++, 0, outgoing);
    this.use();
    this.#pump();
  }

  #addStreamOpenedListener(listener: () => void): () => void {
    if (this.#session) this.#callOpenListeners(new Set([listener]));
    const remove = addListener(this.#listeners, () => listener());
    this.use();
    return remove;
  }

  changed(user?: string | null): void {
    // With `keepOnSignIn` the session continues, so the queued messages belong to the new user.
    if (this.#session) return this.#queue.forEach((outgoing) => outgoing.frame.id || (outgoing.user = user));
    this.#channels.clear();
    this.#formerChannels.clear();
    this.positions.clear();
    this.stream.clear();
    this.#savePositions();
  }

  /** Opens the stream if it is in use. */
  connected(): void {
    const { user } = this.#connection.welcome!;
    // Messages of another user are not sent again.
    this.#inFlight.forEach((outgoing) => outgoing.user === user || (outgoing.until = 0));
    if (this.#opening || !(this.#used ?? this.#listeners.size)) return;
    this.#opening = this.#connection.ask(this.#open);
    this.#watch();
    this.#sendWaitingCalls();
    this.#pump();
  }

  sendCalls(): void {
    this.use();
    this.#sendWaitingCalls();
  }

  #sendWaitingCalls(): void {
    if (this.#opening) this.#calls.forEach((call) => call.send());
  }

  /** The calls of this stream that run or wait. */
  get #calls(): ConnectedCall[] {
    return [...this.#connection.calls.values()].filter(({ stream }) => stream === this);
  }

  answer(frame: AskedFrame, socket: AskedSocket): Promise<void> {
    return this.#handlers.answer(frame, socket);
  }

  received(frame: ServerFrame, error?: CodedError, old?: unknown): void {
    const { stream, id, channel } = frame as OpenedFrame & PositionFrame;
    if (frame.t === 'publication') {
      const channels = old ? this.#formerChannels : this.#channels;
      const isMine = stream ? stream === this.key : channels.has(channel);
      // From its first publication on, the current server delivers the channel.
      if (isMine && !old) this.#formerChannels.delete(channel);
      // A message that leaves this client out only advances its position.
      if (isMine && this.positions.advance(frame, old) && frame.type !== 'nestwire.skipped')
        this.#deliver(
          frame.type,
          frame.data,
          {
            channel,
            wirePosition: frame.id === undefined ? undefined : this.positions.get(channel)!.position,
          },
          // A frame with an epoch is a gap, or belongs to a channel with `latest`.
          !frame.epoch && frame.id,
        );
    } else if (stream === this.key) this.#handle(frame, error, old);
    if (this.positions.isDiverged) this.#connection.resync();
    if (id && id === this.#opening && error) this.#serverClosed(error, error);
    this.#savePositions(channel);
    if (this.#inFlight.has(id))
      for (const [other, outgoing] of this.#inFlight) {
        if (!error || other === id) {
          // The refusal of a repeated message says nothing about its first handling.
          const isUnknown = error && outgoing.frame.redelivered && REFUSED.includes(error.code);
          outgoing.settle(isUnknown ? clientError('UNCERTAIN', error.message, { cause: error }) : error);
          this.#inFlight.delete(other);
        }
        if (other === id) break;
      }
    if (this.#inFlight.size && this.#connection.welcome) this.#connection.expectAnswer();
    this.#pump();
  }

  get isMoving(): unknown {
    // A settled message has been given up by its sender.
    this.#awaitsFormer &&= [...this.#inFlight.values()].some(({ settled }) => !settled);
    return this.#awaitsFormer || (this.#opening && !this.#session);
  }

  get unanswered(): readonly Promise<void>[] {
    const all = [...this.#inFlight.values(), ...this.#queue];
    return all.filter(({ settled }) => !settled).map(({ promise }) => promise);
  }

  toResume(): ResumePosition[] {
    const { endpoint, params } = this.#open;
    return this.positions.toResume(endpoint, params);
  }

  get isBehind(): boolean {
    const { positions } = this;
    return [...positions.keys()].some((channel) =>
      positions[this.#channels.has(channel) ? 'isBehind' : 'isUnsent'](channel),
    );
  }

  missed(): void {
    for (const [channel, { resumeToken }] of this.positions)
      if (resumeToken) this.#deliver(GAP, { channel, reason: 'unreadable' });
  }

  moved(): void {
    this.positions.moved();
    this.#session = this.#opening = undefined;
    this.#formerChannels = this.#channels;
    this.#channels = new Set();
    this.#awaitsFormer = true;
  }

  left(): void {
    if (this.#awaitsFormer) this.#requeueInFlight();
    this.#sendWaitingCalls();
    this.#pump();
  }

  lost(reason?: string, closeCode?: number, openError?: CodedError): void {
    this.#session = this.#opening = undefined;
    this.#lossReason = reason;
    this.#lossCode = closeCode;
    this.#channels.clear();
    this.positions.lost();
    // A refused `open` also refuses the messages behind it.
    if (openError) this.#inFlight.forEach((outgoing) => outgoing.settle(openError));
    this.#requeueInFlight();
    this.#failQueued();
  }

  /** Moves the unanswered messages back to the front of the queue. */
  #requeueInFlight(): void {
    this.#awaitsFormer = false;
    this.#queue.unshift(...this.#inFlight.values());
    this.#inFlight.clear();
  }

  ended(error?: CodedError, openError?: CodedError): void {
    this.#stopWatch?.();
    // Its next use keeps a stream with parameters again; its listeners do, when the client was closed.
    if (this.key !== this.name && (error || !this.#listeners.size)) this.#connection.drop(this);
    const reason = error ?? closedError(this.#connection.status);
    this.#used = reason.code === EVICTED ? false : undefined;
    this.positions.clear();
    this.#failQueued(reason);
    this.#calls.forEach((call) => call.close(reason, openError));
    this.stream.end(error);
  }

  #handle(frame: ServerFrame, error?: CodedError, old?: unknown): void {
    if (frame.t === 'opened' && this.#session !== frame.session) {
      this.#opening ||= OPENED_BY_SERVER;
      this.#session = frame.session;
      this.#callOpenListeners(this.#listeners);
    }
    // In a stream that the server opens, messages may arrive before `opened`.
    if (frame.t === 'message') {
      const { channel } = frame;
      if (channel) {
        this.#formerChannels.delete(channel);
        if (old) return this.positions.skip(channel);
        this.positions.restart(channel);
      }
      this.#deliver(frame.type, frame.data);
    }
    if (frame.t === 'subscribed') {
      this.#channels.add(frame.channel);
      this.#formerChannels.delete(frame.channel);
    }
    if (frame.t === 'subscribed' || frame.t === 'position') this.positions.update(frame);
    if (frame.t === 'unsubscribed') {
      this.#channels.delete(frame.channel);
      this.positions.delete(frame.channel);
    }
    // The stream may be open again when its own `close` is answered.
    if (frame.t === 'closed' && !frame.id && this.#opening) this.#serverClosed(error!);
  }

  /** Ends the stream for good; while the server goes away, only until the next connection. */
  #serverClosed(error: CodedError, openError?: CodedError): void {
    if (error.code === 'IDENTITY_CHANGED' || error.code === 'identity-changed') {
      // The stream opens again when the server has sent the new user.
      this.#session = this.#opening = undefined;
      return this.changed();
    }
    this.lost(error.message, undefined, openError);
    if (this.#connection.spreadMs === undefined) this.ended(error, openError);
    else this.#calls.forEach((call) => call.lost(error.message));
  }

  #deliver(type: string, data: object, origin?: MessageOrigin, hasGaps?: unknown): void {
    try {
      const message = this.#messages.messageOf(type, data);
      if (origin) rememberOrigin(message, origin);
      this.stream.push(message);
    } catch (error) {
      // A message of an unlisted class is ignored without a gap: no reader expects it.
      if (hasGaps && this.#messages.has(type))
        this.#deliver(GAP, { channel: origin!.channel, reason: 'unreadable' }, origin);
      if (!this.stream.ignored++)
        this.#connection.options.onWarning(`nestwire: ${this.name} ignores ${type}`, error);
    }
  }

  #savePositions(channel?: string): void {
    this.#connection.options.positions?.moved(this, channel);
  }

  use(): void {
    this.#used = this.#wasUsed = true;
    this.#connection.keep(this);
    if (this.#connection.welcome) this.connected();
  }

  /** Closes the stream of a set of parameters after UNUSED_MS without use. */
  #watch(): void {
    if (this.key === this.name) return;
    this.#stopWatch?.();
    this.#stopWatch = this.#connection.options.clock.after(UNUSED_MS, () => {
      const { readers } = this.stream;
      const isUsed =
        this.#wasUsed ||
        readers ||
        this.#listeners.size + this.#queue.length + this.#inFlight.size + this.#calls.length;
      this.#wasUsed = false;
      if (isUsed) return this.#watch();
      if (this.#opening) this.#connection.ask({ t: 'close', stream: this.key });
      this.lost();
      this.ended();
    });
  }

  /** Calls open listeners; their messages go before those that wait already. */
  #callOpenListeners(listeners: Listeners): void {
    this.#insertAt = 0;
    callListeners(listeners, this.#connection.options.onWarning);
    this.#insertAt = AT_END;
    this.#pump();
  }

  /** Sends queued messages while the stream is ready and the server accepts more. */
  #pump(): void {
    const { welcome } = this.#connection;
    // The server handles messages in order, so new ones wait for the answers of the former connection.
    // The messages of open listeners go first, so all others wait for the call of the listeners.
    // A repeated message waits for `opened`: a refused `open` does not tell whether the message was handled.
    const mustBeOpen = this.#listeners.size || this.#queue[0]?.frame.id;
    const ready =
      !(this.isMoving && this.#awaitsFormer) &&
      !this.#connection.isSigningIn &&
      this.#opening &&
      this.#insertAt === AT_END &&
      (this.#session || !mustBeOpen);
    while (ready && this.#queue.length && this.#inFlight.size < welcome!.maxPendingMessages) {
      const outgoing = this.#queue.shift()!;
      if (!outgoing.settled) this.#send(outgoing);
    }
  }

  #send(outgoing: Outgoing): void {
    const connection = this.#connection;
    const { options, webSocket } = connection;
    const { frame, own } = outgoing;
    const { resendMs = 0, user } = connection.welcome!;
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
    const tooLarge = tooLargeError(payload, connection.welcome!);
    if (tooLarge) return outgoing.settle(tooLarge);
    this.#inFlight.set(frame.id, outgoing);
    connection.expectAnswer();
    // The outbox may call this after a handover, but the message belongs to this connection.
    const send = () => webSocket.send(payload);
    if (options.outbox) options.outbox.send(outgoing, send);
    else send();
  }

  #mayRepeat({ until }: Outgoing): boolean {
    return until! > this.#connection.options.clock.now() && this.#lossCode !== TOO_LARGE;
  }

  #uncertain(): CodedError {
    return clientError('UNCERTAIN', this.#lossReason);
  }

  /** Fails queued messages; without an error, those that the next connection may send stay. */
  #failQueued(error?: CodedError): void {
    this.#queue = this.#queue.filter((outgoing) => {
      const { offline, frame } = outgoing;
      if (!error && (frame.id ? this.#mayRepeat(outgoing) : offline === 'queue')) return true;
      if (frame.id) outgoing.settle(this.#uncertain());
      else outgoing.settle(error ?? (offline === 'drop' ? undefined : notConnectedError()));
    });
  }
}
