import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { Message, MessageClass } from '@nestwire/protocol';
import { Observable } from 'rxjs';
import { Broker, type MessagesStatus } from './pubsub/broker.js';
import {
  channelNameOf,
  deliveredBy,
  isRecoverable,
  type Channel,
  type Delivered,
  type DeliveryClass,
  type RecoverableChannel,
} from './channel/channel.js';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from './logging/log-limiter.js';
import { MessageEncoder } from './pubsub/message-encoder.js';
import { Delivery, type ChannelListener } from './pubsub/delivery.js';
import type { Receiver } from './pubsub/hub.js';
import { ChannelStream, type StreamOptions } from './pubsub/channel-stream.js';
import { ATTACH, FOLLOW, PUSH, SET_ATTACHED } from './pubsub/hidden-members.js';
import { lifeOf, onAbort } from './scheduling/on-abort.js';
import type { Subscription } from './pubsub/subscription.js';
import type { MessagesCounters } from './messages-counters.js';
import { MessagesError, MessagesErrorCode } from './messages.error.js';
import { MissingCapabilityError } from './missing-capability.error.js';
import { MESSAGES_OPTIONS } from './messages-module-definition.js';
import { DEFAULT_MAX_MESSAGE_BYTES, type MessagesModuleOptions } from './messages.options.js';
import type { Following, StoredReceiver } from './history/channel-followers.js';
import { withoutDuplicates, withoutRepeatedHead } from './history/without-duplicates.js';
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

/** Posts messages to channels and listens to channels, across the cluster. */
@Injectable()
export class MessagesService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Messages');
  private readonly broker: Broker;
  private readonly encoder: MessageEncoder;
  private readonly delivery = new Delivery();
  private readonly ephemeral: EphemeralChannels;
  /** Undefined when the broker has no history. */
  private readonly recoverable: RecoverableChannels | undefined;
  private readonly errors = new LogLimiter((line, stack) => this.logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  private readonly statusListeners = new StatusListeners((error) =>
    this.errors.error('status', `A status listener failed: ${String(error)}`, error),
  );
  private readonly closing = new AbortController();
  private currentStatus: MessagesStatus;

  constructor(broker: Broker, @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {}) {
    this.broker = broker;
    this.currentStatus = broker.status;
    const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
    this.encoder = new MessageEncoder(maxMessageBytes);
    this.ephemeral = new EphemeralChannels(broker, this.delivery, {
      maxMessageBytes,
      statusChanged: () => this.statusChanged(),
    });
    const context = { isLocal: () => broker.status === 'local', failed: this.delivery.failed };
    this.recoverable = broker.history && new RecoverableChannels(broker.history, options, context);
  }

  /** The present reach of posts with the scope `auto`. */
  get status(): MessagesStatus {
    return this.currentStatus;
  }

  /** Calls the function at each change of `status`; returns the function that removes it. */
  addStatusListener(listener: (status: MessagesStatus) => void): () => void {
    return this.statusListeners.add(listener);
  }

  /** Returns the counters of this process since it started. */
  counters(): MessagesCounters {
    const { counts } = this.delivery;
    const { undecodable, ...ofBroker } = this.broker.counters;
    const posted = this.ephemeral.posted + (this.recoverable?.posted ?? 0);
    return {
      ...counts,
      ...(this.recoverable?.counts ?? { reads: 0, refetched: 0, gaps: 0 }),
      posted,
      degraded: this.ephemeral.degraded,
      ...ofBroker,
      undecodable: counts.undecodable + undecodable,
    };
  }

  /** Connects the broker; Nest calls it. */
  onModuleInit(): Promise<void> {
    return this.ephemeral.start();
  }

  /** Ends streams and observables, and closes the broker; Nest calls it. */
  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    await this.recoverable?.close();
    await this.broker.close();
  }

  /**
   * Calls the function for each message of the channel, in order.
   *
   * On an ephemeral channel the listener gets posts of this process from the call on. The promise resolves
   * when the posts of other processes are received too; while the broker is degraded at once, and they
   * are received after it has recovered. On a channel with history the listener starts when the promise
   * resolves: it gets every message once, or a `StreamGap` in place of missing ones. On a `latest` channel
   * it starts with the newest message. All listeners of a process share one frozen message.
   *
   * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
   * @throws {MessagesError} MISSING_CAPABILITY when the channel is recoverable and the broker has no history
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  async addListener<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    listener: ChannelListener<Delivered<M, D>>,
    options: AttachOptions = {},
  ): Promise<Subscription> {
    return this[ATTACH](channel, this.delivery.receiverOf(channel, listener), options);
  }

  /**
   * Calls the function for each undecoded publication of the channel, in order.
   *
   * The calls are synchronous. For code that forwards publications; otherwise like `addListener`.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `addListener`
   */
  async [ATTACH](
    channel: string | Channel,
    receiver: Receiver,
    { signal }: AttachOptions = {},
  ): Promise<Subscription> {
    const name = this.openChannel(channel);
    if (!isRecoverable(channel)) return this.ephemeral.attach(name, receiver, signal);
    if (channel.delivery === 'history') return this[FOLLOW](channel, withoutDuplicates(receiver), { signal });
    const once = withoutRepeatedHead(receiver);
    const following = await this[FOLLOW](channel, once, { signal });
    following.recover(undefined, (newest) => newest.forEach((publication) => once(publication)));
    return following;
  }

  /**
   * Calls the function for each publication of a recoverable channel, with its position.
   *
   * For code that forwards publications. Resolves when the position of this process is known; while the
   * broker is degraded at once.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `addListener`
   */
  async [FOLLOW](
    channel: RecoverableChannel,
    receiver: StoredReceiver,
    { signal }: AttachOptions = {},
  ): Promise<Following> {
    this.openChannel(channel);
    await this.ephemeral.start();
    return this.channelsOf(channel).follow(channel, receiver, signal);
  }

  /**
   * Posts a message to all listeners of the channel.
   *
   * On an ephemeral channel the listeners of this process have the message when the call returns; those of
   * another process get it in the order in which this process posted. The promise resolves when the
   * cluster has the message. On a recoverable channel the promise resolves to the position when the message
   * is stored; all processes get it in the one order of the channel. An attempt with an unknown outcome is
   * repeated up to three times within ten seconds.
   *
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   * @throws {MessagesError} BAD_CHANNEL, WRONG_MESSAGE, MESSAGE_TOO_LARGE when the channel cannot carry it
   * @throws {MessagesError} MISSING_CAPABILITY when the channel is recoverable and the broker has no history
   * @throws {MessagesError} NO_CLUSTER, UNAVAILABLE, OVERLOADED, UNCERTAIN with the scope `global`
   * @throws {MessagesError} BAD_MESSAGE_ID when the given id is not valid
   * @throws {MessagesError} UNAVAILABLE, OVERLOADED when a recoverable channel has not stored it
   * @throws {MessagesError} UNCERTAIN when it may be stored: post it again with the error's `messageId`
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown
   */
  postMessage<M extends Message = Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    message: NoInfer<M>,
    options: PostOptionsOf<D> = {} as PostOptionsOf<D>,
  ): Promise<PostResultOf<D>> {
    try {
      const name = this.openChannel(channel);
      const encoded = this.encoder.encode(channel, name, message);
      const posted = isRecoverable(channel)
        ? this.channelsOf(channel).post(channel, encoded, options as StoredPostOptions)
        : this.ephemeral.post(name, encoded, options as PostOptions);
      return posted as Promise<PostResultOf<D>>;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /**
   * Reads the last messages of a history, the oldest first; unreadable ones are left out.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED; UNAVAILABLE when it cannot be read
   */
  async readHistory<M extends Message>(channel: Channel<M, 'history'>, count: number): Promise<readonly M[]> {
    this.openChannel(channel);
    return this.delivery.messagesOf(channel, await this.recoverable!.last(channel, count));
  }

  /**
   * Returns the messages of a channel, from this call on, as an iterable.
   *
   * A message of a class that is not expected rejects one `next()`, and the stream continues; the expected
   * classes are the argument, or the classes of the channel. A channel with history yields a `StreamGap` in
   * place of missing messages, also with a class. The stream ends with its signal and at shutdown.
   *
   * @throws {MessagesError} BAD_CHANNEL, MISSING_CAPABILITY, MESSAGES_CLOSED as `addListener`
   */
  createStream<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    cls?: MessageClass<M>,
    options: StreamOptions = {},
  ): ChannelStream<Delivered<M, D>> {
    const name = this.openChannel(channel);
    const ended = new AbortController();
    const classes = deliveredBy(channel, cls);
    const stream = new ChannelStream<Delivered<M, D>>(classes as MessageClass<Delivered<M, D>>[], options, {
      ended: () => ended.abort(),
      dropped: (messages) => this.delivery.overflowed(name, messages),
    });
    if (stream.ended) return stream;
    const offClosing = onAbort(this.closing.signal, () => stream.end());
    onAbort(ended.signal, offClosing);
    const attached = this[ATTACH](channel, (publication) => stream[PUSH](publication), {
      signal: ended.signal,
    }).then(() => undefined);
    attached.catch(() => undefined);
    stream[SET_ATTACHED](attached);
    return stream;
  }

  /**
   * Returns the messages of a channel as an Observable; each subscriber is one listener.
   *
   * Completes with its signal and at shutdown; fails with BAD_CHANNEL, MISSING_CAPABILITY or MESSAGES_CLOSED.
   */
  observe<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    { signal }: AttachOptions = {},
  ): Observable<Delivered<M, D>> {
    return new Observable<Delivered<M, D>>((subscriber) => {
      const name = this.openChannel(channel);
      const ended = new AbortController();
      const life = signal && lifeOf(signal);
      const receiver = this.delivery.receiverOf<Delivered<M, D>>(channel, (message) =>
        life?.isOver ? undefined : subscriber.next(message),
      );
      subscriber.add(() => ended.abort());
      if (isRecoverable(channel)) void this[ATTACH](channel, receiver, { signal: ended.signal });
      else this.ephemeral.add(name, receiver, ended.signal);
      for (const end of signal ? [signal, this.closing.signal] : [this.closing.signal])
        subscriber.add(onAbort(end, () => subscriber.complete()));
    });
  }

  private openChannel(channel: string | Channel): string {
    if (this.closing.signal.aborted)
      throw new MessagesError(
        MessagesErrorCode.MessagesClosed,
        'The application has shut down; channels are closed.',
      );
    const name = channelNameOf(channel);
    if (isRecoverable(channel)) this.channelsOf(channel);
    return name;
  }

  private channelsOf({ name, delivery }: RecoverableChannel): RecoverableChannels {
    if (this.recoverable) return this.recoverable;
    const neededBy = `The channel '${name}', which is defined with "${delivery}",`;
    throw new MissingCapabilityError(this.broker, [{ capability: 'history', neededBy }]);
  }

  private statusChanged(): void {
    const { status } = this.broker;
    if (status === this.currentStatus) return;
    this.currentStatus = status;
    this.statusListeners.notify(status);
  }
}
