import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { messageNameOf, type EncodedMessage, type Message, type MessageClass } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';
import { Observable } from 'rxjs';
import { MessagesBackend, type MessagesStatus } from '../backend/messages.backend.js';
import { channelNameOf, messagesOf, type Channel } from '../channel/channel.js';
import { isReserved } from '../channel/reserved-channel.js';
import { Delivery, type ChannelListener } from '../delivery/delivery.js';
import type { Receiver } from '../delivery/hub.js';
import { MessageStream, type StreamOptions } from '../delivery/message.stream.js';
import { onAbort } from '../delivery/on-abort.js';
import { Publication } from '../delivery/publication.js';
import type { Subscription } from '../delivery/subscription.js';
import type { MessagesCounters } from '../messages.counters.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { MESSAGES_OPTIONS } from '../messages.module-definition.js';
import { DEFAULT_MAX_MESSAGE_BYTES, type MessagesModuleOptions } from '../messages.options.js';
import type { AttachOptions, PostOptions, PostResult, PostScope } from './post.options.js';
import { LOCAL, PostOutcomes } from './post.outcomes.js';

/** Posts messages to channels and listens to them, here and across the cluster. */
@Injectable()
export class MessagesService implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Messages');
  readonly #backend: MessagesBackend;
  readonly #maxMessageBytes: number;
  readonly #delivery: Delivery;
  /** Of each channel whose subscription is being made: settles when it is in force. */
  readonly #inForce = new Map<string, Promise<void>>();
  readonly #statusListeners = new Set<{ readonly call: (status: MessagesStatus) => void }>();
  readonly #closing = new AbortController();
  readonly #outcomes = new PostOutcomes();
  #posted = 0;
  #status: MessagesStatus;
  #started: Promise<void> | undefined;

  constructor(
    backend: MessagesBackend,
    @Optional() @Inject(MESSAGES_OPTIONS) options?: MessagesModuleOptions,
  ) {
    this.#backend = backend;
    this.#status = backend.status;
    this.#maxMessageBytes = options?.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    this.#delivery = new Delivery({
      wanted: (channel) => this.#want(channel),
      unwanted: (channel) => this.#unwant(channel),
    });
  }

  /** How far `auto` posts reach now. */
  get status(): MessagesStatus {
    return this.#status;
  }

  /** Calls the function at each change of `status`; returns the function that removes it. */
  addStatusListener(listener: (status: MessagesStatus) => void): () => void {
    const entry = { call: listener };
    this.#statusListeners.add(entry);
    return () => void this.#statusListeners.delete(entry);
  }

  /** Returns what happened to messages in this process so far. */
  counters(): MessagesCounters {
    const { counts } = this.#delivery;
    const { poisoned, ...ofBackend } = this.#backend.counters;
    const ofPosts = { posted: this.#posted, degraded: this.#outcomes.degraded };
    return { ...counts, ...ofPosts, ...ofBackend, poisoned: counts.poisoned + poisoned };
  }

  /** Connects; Nest calls it. */
  onModuleInit(): Promise<void> {
    return this.#start();
  }

  /** Ends streams and observables, and lets go of the backend; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    this.#closing.abort();
    await this.#backend.close();
  }

  /**
   * Calls the function for each message of the channel, in order.
   *
   * Listens from the call on to what this process posts. Resolves when posts of the cluster are heard
   * too; while the backend is degraded at once, and they are heard when it has recovered. All
   * listeners of a process share one frozen message.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async addListener<M extends Message>(
    channel: string | Channel<M>,
    listener: ChannelListener<M>,
    options: AttachOptions = {},
  ): Promise<Subscription> {
    return this.attach(channel, this.#delivery.receiverOf(channel, listener), options);
  }

  /**
   * Calls the function for each publication of the channel, synchronously, in order and undecoded.
   *
   * For those who pass publications on; otherwise as `addListener`.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `addListener`
   */
  async attach(
    channel: string | Channel,
    receiver: Receiver,
    { signal }: AttachOptions = {},
  ): Promise<Subscription> {
    const name = this.#openChannel(channel);
    const subscription = this.#delivery.hub.add(name, receiver, signal);
    await this.#start();
    await this.#inForce.get(name);
    return subscription;
  }

  /**
   * Posts a message to all listeners of the channel.
   *
   * Listeners of this process have it when the call returns; those of another process get it in the
   * order in which this process posted. Resolves when the cluster has taken it.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot travel
   * @throws {MessagesError} BAD_CHANNEL, WRONG_MESSAGE, MESSAGE_TOO_LARGE when the channel cannot take it
   * @throws {MessagesError} NO_CLUSTER, UNAVAILABLE, OVERLOADED, UNCERTAIN with the scope `global`
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  postMessage<M extends Message = Message>(
    channel: string | Channel<M>,
    message: NoInfer<M>,
    { scope = 'auto' }: PostOptions = {},
  ): Promise<PostResult> {
    try {
      const name = this.#openChannel(channel);
      const encoded = this.#encode(message);
      assertCarries(channel, encoded.type);
      return scope === 'global' ? this.#postGlobally(name, encoded) : this.#post(name, encoded, scope);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Returns the messages of a channel as an iterable, attached from this call on.
   *
   * With a class, or for a channel defined with its classes, a message of another class rejects one
   * `next()` and the stream goes on. Ends with its signal and at shutdown.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `addListener`
   */
  createStream<M extends Message>(
    channel: string | Channel<M>,
    cls?: MessageClass<M>,
    options: StreamOptions = {},
  ): MessageStream<M> {
    const name = this.#openChannel(channel);
    const ended = new AbortController();
    const stream = new MessageStream<M>(cls ? [cls] : messagesOf(channel), options, {
      ended: () => ended.abort(),
      dropped: (messages) => this.#delivery.overflowed(name, messages),
    });
    if (stream.ended) return stream;
    const offClosing = onAbort(this.#closing.signal, () => stream.end());
    onAbort(ended.signal, offClosing);
    stream.attached = this.attach(name, (publication) => stream.push(publication), {
      signal: ended.signal,
    }).then(() => undefined);
    stream.attached.catch(() => undefined);
    return stream;
  }

  /**
   * Returns the messages of a channel as an Observable: each subscriber is one listener.
   *
   * Completes with its signal and at shutdown; errs with BAD_CHANNEL or MESSAGES_CLOSED.
   */
  observe<M extends Message>(channel: string | Channel<M>, { signal }: AttachOptions = {}): Observable<M> {
    return new Observable<M>((subscriber) => {
      const name = this.#openChannel(channel);
      const receiver = this.#delivery.receiverOf<M>(channel, (message) => subscriber.next(message));
      const subscription = this.#delivery.hub.add(name, receiver, signal);
      subscriber.add(() => subscription.remove());
      for (const end of signal ? [signal, this.#closing.signal] : [this.#closing.signal])
        subscriber.add(onAbort(end, () => subscriber.complete()));
    });
  }

  #start(): Promise<void> {
    return (this.#started ??= this.#backend.start({
      receive: (channel, encoded, properties) => this.#receive(channel, encoded, properties),
      statusChanged: () => this.#statusChanged(),
    }));
  }

  #openChannel(channel: string | Channel): string {
    if (this.#closing.signal.aborted)
      throw new MessagesError(
        MessagesErrorCode.MessagesClosed,
        'The application has shut down; channels are closed.',
      );
    return channelNameOf(channel);
  }

  #encode(message: Message): EncodedMessage {
    const encoded = encodingOf(message);
    // A character has at most three bytes of UTF-8, so most messages need not be measured.
    if (encoded.data.length * 3 <= this.#maxMessageBytes) return encoded;
    const bytes = Buffer.byteLength(encoded.data);
    if (bytes <= this.#maxMessageBytes) return encoded;
    throw new MessagesError(
      MessagesErrorCode.MessageTooLarge,
      `The message '${encoded.type}' has ${bytes} bytes; the limit is ${this.#maxMessageBytes} (maxMessageBytes).`,
    );
  }

  #assertCluster(channel: string): void {
    if (this.#backend.status === 'local')
      throw new MessagesError(
        MessagesErrorCode.NoCluster,
        "No Redis is configured, so the scope 'global' reaches nobody: set the option redis, or post with 'auto'.",
      );
    const refusal = this.#backend.refusal(channel);
    if (refusal) throw refusal;
  }

  #post(channel: string, encoded: EncodedMessage, scope: PostScope): Promise<PostResult> {
    if (!isReserved(channel)) this.#posted++;
    const local = scope === 'local' || this.#backend.status === 'local';
    // Published first: what listeners post in answer then follows it on every path.
    const result = local ? LOCAL : this.#outcomes.follow(this.#backend.publish(channel, encoded));
    this.#delivery.hub.deliver(new Publication(channel, encoded.type, encoded.data));
    return result;
  }

  async #postGlobally(channel: string, encoded: EncodedMessage): Promise<PostResult> {
    await this.#start();
    this.#assertCluster(channel);
    if (!isReserved(channel)) this.#posted++;
    const result = this.#outcomes.require(this.#backend.publish(channel, encoded));
    this.#delivery.hub.deliver(new Publication(channel, encoded.type, encoded.data));
    return result;
  }

  #receive(channel: string, { type, data }: EncodedMessage, properties?: object): void {
    if (!isReserved(channel)) this.#delivery.counts.received++;
    this.#delivery.hub.deliver(new Publication(channel, type, data, properties));
  }

  #want(channel: string): void {
    const inForce = this.#backend.subscribe(channel).finally(() => {
      if (this.#inForce.get(channel) === inForce) this.#inForce.delete(channel);
    });
    this.#inForce.set(channel, inForce);
  }

  #unwant(channel: string): void {
    this.#inForce.delete(channel);
    this.#backend.unsubscribe(channel);
  }

  #statusChanged(): void {
    const { status } = this.#backend;
    if (status === this.#status) return;
    this.#status = status;
    for (const { call } of this.#statusListeners) {
      try {
        call(status);
      } catch (error) {
        this.#logger.error(`A status listener failed: ${String(error)}`);
      }
    }
  }
}

function assertCarries(channel: string | Channel, type: string): void {
  const classes = messagesOf(channel);
  if (!classes || classes.some((cls) => messageNameOf(cls) === type)) return;
  throw new MessagesError(
    MessagesErrorCode.WrongMessage,
    `The channel '${channelNameOf(channel)}' does not carry '${type}'; it is defined with ` +
      `${classes.map((cls) => `'${messageNameOf(cls)}'`).join(', ')}.`,
  );
}
