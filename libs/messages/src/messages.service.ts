import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { messageNameOf, type Message, type MessageClass } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { encodingOf, isReservedName } from '@nestwire/protocol/compiled';
import { Observable } from 'rxjs';
import { Broker, type MessagesStatus } from './pubsub/broker.js';
import {
  channelNameOf,
  deliveredBy,
  isRecoverable,
  messagesOf,
  type Channel,
  type Delivered,
  type DeliveryClass,
  type RecoverableChannel,
} from './channel/channel.js';
import { isReserved } from './channel/reserved-channel.js';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from './logging/log-limiter.js';
import { isTooDeep, MAX_MESSAGE_DEPTH } from './pubsub/message-text.js';
import { Delivery, type ChannelListener } from './pubsub/delivery.js';
import type { Receiver } from './pubsub/hub.js';
import { ChannelStream, type StreamOptions } from './pubsub/channel-stream.js';
import { lifeOf, onAbort } from './scheduling/on-abort.js';
import type { StoredPublication } from './history/stored-publication.js';
import type { Subscription } from './pubsub/subscription.js';
import type { MessagesCounters } from './messages-counters.js';
import { MessagesError, MessagesErrorCode } from './messages.error.js';
import { MESSAGES_OPTIONS } from './messages-module-definition.js';
import { DEFAULT_MAX_MESSAGE_BYTES, type MessagesModuleOptions } from './messages.options.js';
import { isSamePosition } from './history/position.js';
import type { Following, StoredReceiver } from './history/channel-followers.js';
import { withoutDuplicates } from './history/without-duplicates.js';
import { EphemeralChannels } from './pubsub/ephemeral-channels.js';
import { RecoverableChannels } from './history/recoverable-channels.js';
import { StatusListeners } from './pubsub/status-listeners.js';
import type {
  AttachOptions,
  PostOptions,
  PostOptionsOf,
  PostResultOf,
  StoredPostOptions,
} from './post.options.js';

/** Posts messages to channels and listens to them, here and across the cluster. */
@Injectable()
export class MessagesService implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Messages');
  readonly #backend: Broker;
  readonly #maxMessageBytes: number;
  readonly #delivery = new Delivery();
  readonly #ephemeral: EphemeralChannels;
  readonly #kept: RecoverableChannels;
  readonly #errors = new LogLimiter((line, stack) => this.#logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  readonly #statusListeners = new StatusListeners((error) =>
    this.#errors.error('status', `A status listener failed: ${String(error)}`, error),
  );
  readonly #closing = new AbortController();
  #status: MessagesStatus;

  constructor(backend: Broker, @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {}) {
    this.#backend = backend;
    this.#status = backend.status;
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    this.#ephemeral = new EphemeralChannels(backend, this.#delivery, () => this.#statusChanged());
    this.#kept = new RecoverableChannels(backend, options, this.#delivery.failed);
  }

  /** How far `auto` posts reach now. */
  get status(): MessagesStatus {
    return this.#status;
  }

  /** Calls the function at each change of `status`; returns the function that removes it. */
  addStatusListener(listener: (status: MessagesStatus) => void): () => void {
    return this.#statusListeners.add(listener);
  }

  /** Returns what happened to messages in this process so far. */
  counters(): MessagesCounters {
    const { counts } = this.#delivery;
    const { undecodable, ...ofBroker } = this.#backend.counters;
    const posted = this.#ephemeral.posted + this.#kept.posted;
    const ofPosts = { posted, degraded: this.#ephemeral.degraded };
    return {
      ...counts,
      ...this.#kept.counts,
      ...ofPosts,
      ...ofBroker,
      undecodable: counts.undecodable + undecodable,
    };
  }

  /** Connects; Nest calls it. */
  onModuleInit(): Promise<void> {
    return this.#ephemeral.start();
  }

  /** Ends streams and observables, and lets go of the backend; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    this.#closing.abort();
    await this.#kept.close();
    await this.#backend.close();
  }

  /**
   * Calls the function for each message of the channel, in order.
   *
   * Listens from the call on to what this process posts; on a recoverable channel, from
   * when it resolves on. Resolves when posts of the cluster are heard too; while the backend is
   * degraded at once, and they are heard when it has recovered. A channel with history gives every
   * message once, or a `StreamGap` where some are missing; one defined as `latest` begins with its newest
   * message. All listeners of a process share one frozen message.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async addListener<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    listener: ChannelListener<Delivered<M, D>>,
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
    if (!isRecoverable(channel)) return this.#ephemeral.attach(name, receiver, signal);
    // A newcomer to a history begins with what comes next.
    if (channel.delivery === 'history') return this.follow(channel, withoutDuplicates(receiver), { signal });
    const once = onceEach(receiver);
    const following = await this.follow(channel, once, { signal });
    following.recover(undefined, (newest) => newest.forEach((publication) => once(publication)));
    return following;
  }

  /**
   * Follows a recoverable channel, with the position of each; for those who pass them on.
   *
   * Resolves when the position of this process is known; while the backend is degraded at once.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `addListener`
   */
  async follow(
    channel: RecoverableChannel,
    receiver: StoredReceiver,
    { signal }: AttachOptions = {},
  ): Promise<Following> {
    this.#openChannel(channel);
    await this.#ephemeral.start();
    return this.#kept.follow(channel, receiver, signal);
  }

  /**
   * Posts a message to all listeners of the channel.
   *
   * Listeners of this process have it when the call returns; those of another process get it in the
   * order in which this process posted. Resolves when the cluster has taken it. On a channel that
   * keeps its messages it resolves when the message is stored, to its position, and all processes
   * get it in the one order of the channel; an attempt whose end is not known is made again, at most three
   * times within ten seconds.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot travel
   * @throws {MessagesError} BAD_CHANNEL, WRONG_MESSAGE, MESSAGE_TOO_LARGE when the channel cannot take it
   * @throws {MessagesError} NO_CLUSTER, UNAVAILABLE, OVERLOADED, UNCERTAIN with the scope `global`
   * @throws {MessagesError} UNAVAILABLE, OVERLOADED when a recoverable channel has not stored it
   * @throws {MessagesError} UNCERTAIN when that is not known: post it again with the error's `messageId`
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  postMessage<M extends Message = Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    message: NoInfer<M>,
    options: PostOptionsOf<D> = {} as PostOptionsOf<D>,
  ): Promise<PostResultOf<D>> {
    try {
      const name = this.#openChannel(channel);
      const encoded = this.#encode(message);
      assertCarries(channel, encoded.type);
      const posted = isRecoverable(channel)
        ? this.#kept.post(channel, encoded, (options as StoredPostOptions).id)
        : this.#ephemeral.post(name, encoded, (options as PostOptions).scope ?? 'auto');
      return posted as Promise<PostResultOf<D>>;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Returns the messages of a channel as an iterable, attached from this call on.
   *
   * With a class, or for a channel defined with its classes, a message of another class rejects one
   * `next()` and the stream goes on. A channel with history gives a `StreamGap` where messages are missing,
   * whatever the class. Ends with its signal and at shutdown.
   *
   * @throws {MessagesError} BAD_CHANNEL, MESSAGES_CLOSED as `addListener`
   */
  createStream<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    cls?: MessageClass<M>,
    options: StreamOptions = {},
  ): ChannelStream<Delivered<M, D>> {
    const name = this.#openChannel(channel);
    const ended = new AbortController();
    const classes = deliveredBy(channel, cls);
    const stream = new ChannelStream<Delivered<M, D>>(classes as MessageClass<Delivered<M, D>>[], options, {
      ended: () => ended.abort(),
      dropped: (messages) => this.#delivery.overflowed(name, messages),
    });
    if (stream.ended) return stream;
    const offClosing = onAbort(this.#closing.signal, () => stream.end());
    onAbort(ended.signal, offClosing);
    stream.attached = this.attach(channel, (publication) => stream.push(publication), {
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
  observe<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    { signal }: AttachOptions = {},
  ): Observable<Delivered<M, D>> {
    return new Observable<Delivered<M, D>>((subscriber) => {
      const name = this.#openChannel(channel);
      const ended = new AbortController();
      const life = signal && lifeOf(signal);
      const receiver = this.#delivery.receiverOf<Delivered<M, D>>(channel, (message) =>
        life?.isOver ? undefined : subscriber.next(message),
      );
      subscriber.add(() => ended.abort());
      if (isRecoverable(channel)) void this.attach(channel, receiver, { signal: ended.signal });
      else this.#ephemeral.add(name, receiver, ended.signal);
      for (const end of signal ? [signal, this.#closing.signal] : [this.#closing.signal])
        subscriber.add(onAbort(end, () => subscriber.complete()));
    });
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
    // A reader takes it for unreadable: refused here, nobody finds a gap in its place.
    if (isTooDeep(encoded.data))
      throw new MessagesError(
        MessagesErrorCode.MessageTooLarge,
        `The message '${encoded.type}' nests deeper than ${MAX_MESSAGE_DEPTH} levels: send it flatter.`,
      );
    // A character has at most three bytes of UTF-8, so most messages need not be measured.
    if (encoded.data.length * 3 <= this.#maxMessageBytes) return encoded;
    const bytes = Buffer.byteLength(encoded.data);
    if (bytes <= this.#maxMessageBytes) return encoded;
    throw new MessagesError(
      MessagesErrorCode.MessageTooLarge,
      `The message '${encoded.type}' has ${bytes} bytes; the limit is ${this.#maxMessageBytes} (maxMessageBytes).`,
    );
  }

  #statusChanged(): void {
    const { status } = this.#backend;
    if (status === this.#status) return;
    this.#status = status;
    this.#statusListeners.tell(status);
  }
}

/** Makes a receiver of a `latest` channel that is not given its newest message again as a newcomer. */
function onceEach(receiver: Receiver): StoredReceiver {
  let last: StoredPublication | undefined;
  return (publication) => {
    if (last && isSamePosition(last.position, publication.position)) return;
    last = publication;
    receiver(publication);
  };
}

function assertCarries(channel: string | Channel, type: string): void {
  if (isReservedName(type) && !isReserved(channelNameOf(channel)))
    throw new MessagesError(
      MessagesErrorCode.WrongMessage,
      `'${type}' is a message of nestwire's own, which no channel carries: post one of another name.`,
    );
  const classes = messagesOf(channel);
  if (!classes || classes.some((cls) => messageNameOf(cls) === type)) return;
  throw new MessagesError(
    MessagesErrorCode.WrongMessage,
    `The channel '${channelNameOf(channel)}' does not carry '${type}'; it is defined with ` +
      `${classes.map((cls) => `'${messageNameOf(cls)}'`).join(', ')}.`,
  );
}
