import type { CodedError, Message } from '@nestwire/protocol';
import { clientError, closedError, notConnectedError } from '../client-error.js';
import { withDefaults } from '../client-options.js';
import type { ClientConnection } from '../connection/client-connection.js';
import type { ClientSocket } from '../connection/client-socket.js';
import type { ConnectedCall } from '../connection/connected-call.js';
import { TOO_LARGE } from '../connection/close-codes.js';
import { Pending } from '../connection/pending.js';
import { messageQueue } from '../connection/message-queue.js';
import { tooLargeError } from '../connection/size-of.js';
import { REFUSED } from '../connection/refused.js';
import { CREDIT_MS } from '../limits.js';
import { randomId } from '../transport/random-id.js';
import { CallItems, type Items } from './call-items.js';
import type { CallOptions } from './call-options.js';

/** Codes that refuse to continue a call. */
const NOT_CONTINUED: readonly string[] = [...REFUSED, 'NOT_RESUMABLE', 'CALL_UNKNOWN'];

/** The stream of a call. */
export interface CallStream {
  /** The key of the stream in frames. */
  readonly key: string;
  /** Opens the stream, and sends the calls that wait. */
  sendCalls(): void;
}

/** The messages of the client. */
export interface CallMessages {
  /** Returns the type and data of a message. @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE */
  payloadOf(message: unknown): object;
  /** Returns the message of a frame. @throws {CodedError} NOT_A_MESSAGE, INVALID_MESSAGE */
  messageOf(type: string, data: object): Message;
}

/** The call that a client starts or resumes. */
export interface CallRequest {
  readonly method: string;
  /** The request and the items of a new call; undefined to resume one. */
  readonly start?: { readonly request: unknown; readonly items?: Items<unknown> };
}

/** A frame of the server that belongs to a call. */
export interface CallAnswer {
  readonly t: string;
  readonly type?: string;
  readonly data?: object;
  readonly n?: number;
  readonly consumed?: number;
}

/**
 * One call of a stream method, from the invocation to its one end.
 *
 * It waits for a connection, runs on one, and waits again when that is lost. Then a call without items is sent again
 * under its first id, and any other is resumed where the server allows it.
 */
export class ClientCall implements ConnectedCall {
  /** The id of its frames on each connection. */
  readonly id: number;
  readonly stream: CallStream;
  /** The result of the method: a promise of the reply, and an iterable of the items. */
  readonly handle: object;
  /** The connection that carries the call; undefined while it waits for one. */
  declare socket?: ClientSocket;
  readonly #connection: ClientConnection;
  readonly #messages: CallMessages;
  readonly #items?: Items<unknown>;
  readonly #queue = messageQueue<Message>();
  readonly #reply = new Pending<unknown>();
  readonly #outcome = new Pending();
  /** The handle without `then`: a promise of it resolves. */
  readonly #reader: object;
  readonly #deadline?: number;
  /** The fields that name the call, and those of its request. */
  #name?: object;
  #request?: object;
  #sender?: CallItems;
  /** Settled when the server no longer runs the call. */
  #gone?: Pending;
  #user?: string | null;
  /** The end of sending it again; undefined until it is sent. */
  #until?: number;
  #lossReason?: string;
  /** True when the next connection continues the call. */
  #resumes: boolean;
  /** True when the call was sent on an earlier connection. */
  #isRepeated?: boolean;
  /** True when the server has ended the call. */
  #isOver?: boolean;
  /** The frame that tells the server of the client's end. */
  #farewell = 'cancel';
  #received = 0;
  #consumed = 0;
  /** The `consumed` of the last credit. */
  #credited = 0;
  /** The bytes that arrived after the last credit. */
  #bytes = 0;
  #cancelCredit?: () => void;

  constructor(
    connection: ClientConnection,
    stream: CallStream,
    messages: CallMessages,
    { method, start }: CallRequest,
    given: CallOptions = {},
  ) {
    const { options, status, welcome, calls, user } = connection;
    const { clock, maxOfflineMessages, onWarning, callTimeoutMs } = options;
    const { id, signal, offline, timeoutMs } = withDefaults(given, {
      id: randomId(),
      offline: options.offline,
      timeoutMs: callTimeoutMs,
    });
    this.id = connection.nextId();
    this.stream = stream;
    this.#messages = messages;
    this.#connection = connection;
    this.#items = start?.items;
    this.#resumes = !start;
    this.#user = user;
    this.#deadline = timeoutMs && clock.now() + timeoutMs;
    const { promise } = this.#reply;
    let isUsed: true | undefined;
    const used = () => ((isUsed = true), promise);
    let reader: AsyncGenerator<Message> | undefined;
    this.#reader = {
      id,
      cancel: () => {
        void used();
        return this.#cancel();
      },
      [Symbol.asyncIterator]: () => {
        void used();
        return (reader ??= this.#queue.read(
          () => this.#leave(),
          () => this.#taken(),
        ));
      },
    };
    this.handle = {
      ...this.#reader,
      [Symbol.toStringTag]: 'Promise',
      then: (...handlers: never[]) => used().then(...handlers),
      catch: (handler: never) => used().catch(handler),
      finally: (handler: never) => used().finally(handler),
    };
    promise.catch((error) => isUsed || onWarning(`nestwire: the call of ${method} failed`, error));
    this.#outcome.promise.then(
      () => this.#ended(),
      (error) => this.#ended(error),
    );
    this.#outcome.limit({ clock, signal, timeoutMs }, () => clientError('DEADLINE_EXCEEDED'));
    try {
      this.#name = { stream: stream.key, method, callId: id };
      this.#request = start && messages.payloadOf(start.request);
      if (!welcome) {
        if (status.kind === 'closed') throw closedError(status);
        if (offline !== 'queue') throw notConnectedError();
        if (calls.size >= maxOfflineMessages) throw clientError('QUEUE_FULL');
      }
      calls.set(this.id, this);
    } catch (error) {
      this.#outcome.settle(error as CodedError);
    }
  }

  /** Sends the call on the current connection, unless it has one. */
  send(): void {
    const { id } = this;
    const connection = this.#connection;
    const { callWindow: window, resendMs = 0, user } = connection.welcome!;
    const now = connection.options.clock.now();
    const isNew = this.#until === undefined;
    const { settled } = this.#outcome;
    if (this.socket || (settled && this.#isUnsent)) return;
    if (![undefined, user].includes(this.#user))
      return this.end(isNew ? clientError('IDENTITY_CHANGED') : this.#lostError());
    this.#user = user;
    this.#isRepeated = !isNew;
    this.#resumes ||= this.#until! <= now;
    // The server reads frames in this order of fields without scanning them.
    const payload = connection.encode({
      t: settled ? 'cancel' : this.#resumes ? 'attach' : 'call',
      id,
      ...this.#name,
      ...(!settled &&
        (this.#resumes
          ? { window, received: this.#received, consumed: this.#consumed }
          : {
              window,
              timeoutMs: this.#deadline && Math.ceil(this.#deadline - now),
              items: this.#items && true,
              redelivered: this.#isRepeated || undefined,
              ...this.#request,
            })),
    });
    const tooLarge = tooLargeError(payload, connection.welcome!);
    if (tooLarge) return this.end(tooLarge);
    this.#until ??= now + resendMs;
    this.socket = connection.socket;
    connection.webSocket.send(payload);
    connection.expectAnswer();
    if (isNew && this.#items) this.#sendItems(this.#items);
  }

  /** Handles a frame of this call; `bytes` is its size. */
  received({ t, type, data, n, consumed }: CallAnswer, bytes: number, error?: CodedError): void {
    if (t === 'credit') return this.#sender?.consumed(consumed!);
    const isItem = t === 'item';
    try {
      if (isItem) {
        if (this.#outcome.settled) return;
        if (n !== this.#received + 1) throw this.#lostError();
        this.#queue.push(this.#messages.messageOf(type!, data!));
        this.#received++;
        this.#bytes += bytes;
      }
      if (!error)
        this.#reply.settle(
          undefined,
          t === 'reply' ? type && this.#messages.messageOf(type, data!) : this.#reader,
        );
      if (!isItem) this.end(error && this.#errorOf(error));
    } catch (cause) {
      if (isItem) this.#outcome.settle(cause as CodedError);
      else this.end(cause as CodedError);
    }
  }

  /** Called when its connection is lost: it waits for the next one. */
  lost(reason?: string, closeCode?: number): void {
    if (!this.socket) return;
    this.socket = undefined;
    this.#sender?.stop();
    this.#lossReason = reason;
    this.#resumes ||= this.#received > 0 || !!this.#items || closeCode === TOO_LARGE;
  }

  /** Ends the call with its stream; with `openError` if the stream was refused. */
  close(error: CodedError, openError?: CodedError): void {
    const isSent = this.#until !== undefined;
    this.end((!this.#isRepeated && openError) || (isSent ? this.#lostError(error) : error));
  }

  /** Ends the call; the server no longer knows it. */
  end(error?: CodedError): void {
    this.#isOver = true;
    if (this.#outcome.settled) this.#forget();
    else this.#outcome.settle(error);
  }

  /** Ends the readers, and tells the server unless it knows. */
  #ended(error?: CodedError): void {
    this.#queue.end(error);
    this.#reply.settle(error, this.#reader);
    this.#cancelCredit?.();
    this.#sender?.stop();
    if (!this.#isOver) this.#send({ t: this.#farewell });
    // A server answers `cancel`; without a connection, the next one gets it.
    if (this.#isOver || this.#isUnsent || this.#farewell !== 'cancel') this.#forget();
  }

  /** True when no server knows of this call; a call of another device is known, and can be cancelled. */
  get #isUnsent(): boolean {
    return this.#until === undefined && !(this.#resumes && this.#gone);
  }

  #forget(): void {
    this.#connection.forget(this.id);
    this.#gone?.settle();
  }

  #leave(): void {
    if (this.#outcome.settled) return;
    this.#farewell = 'detach';
    this.#outcome.settle();
  }

  #cancel(): Promise<void> {
    const { calls, status } = this.#connection;
    this.#gone ??= new Pending();
    this.#farewell = 'cancel';
    this.#outcome.settle(clientError('CANCELLED'));
    if (!calls.has(this.id)) {
      if (this.#isOver || this.#isUnsent || status.kind === 'closed') this.#gone.settle();
      else {
        // The reader has left the call; it runs on if it is resumable.
        this.socket = undefined;
        calls.set(this.id, this);
        this.stream.sendCalls();
      }
    }
    return this.#gone.promise;
  }

  /** Counts an item that left the queue. */
  #taken(): void {
    const { options, welcome } = this.#connection;
    const { callWindow = 1, callWindowBytes = Infinity } = welcome ?? {};
    this.#consumed++;
    if (this.#outcome.settled) return;
    if ((this.#consumed - this.#credited) * 2 >= callWindow || this.#bytes * 4 >= callWindowBytes)
      this.#credit();
    // The server may wait to send an item that is large.
    else this.#cancelCredit ??= options.clock.after(CREDIT_MS, () => this.#credit());
  }

  #credit(): void {
    this.#cancelCredit?.();
    this.#cancelCredit = undefined;
    this.#credited = this.#consumed;
    this.#bytes = 0;
    this.#send({ t: 'credit', consumed: this.#consumed });
  }

  #send(frame: object): void {
    this.socket?.sendFrame({ ...frame, call: this.id });
  }

  #sendItems(items: Items<unknown>): void {
    const { id, socket } = this;
    const connection = this.#connection;
    this.#sender = new CallItems(connection.welcome!);
    this.#sender
      .send(
        items,
        (t, item) =>
          connection.encode({ t, call: id, ...(t === 'item' && this.#messages.payloadOf(item)) }, socket),
        (payload) => socket!.webSocket!.send(payload),
      )
      .catch((error) => this.#outcome.settle(error));
  }

  #errorOf(error: CodedError): CodedError {
    if (error.code === 'CALL_LOST') Object.assign(error, { received: this.#received });
    return this.#isRepeated && NOT_CONTINUED.includes(error.code) ? this.#lostError(error) : error;
  }

  /** Makes the error of a call that cannot continue. */
  #lostError(cause?: CodedError): CodedError {
    const received = this.#received;
    const code = received ? 'CALL_LOST' : 'UNCERTAIN';
    const error = clientError(code, cause?.message ?? this.#lossReason, { cause });
    return Object.assign(error, received && { received });
  }
}
