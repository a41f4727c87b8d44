import { Inject, Injectable, Logger, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Message } from '@nestwire/protocol';
import { Broker } from '../pubsub/broker.js';
import {
  channelNameOf,
  deliveredBy,
  isRecoverable,
  type Channel,
  type DeliveryClass,
  type RecoverableChannel,
} from '../channel/channel.js';
import { SYSTEM_CLOCK, type Clock } from '../scheduling/clock.js';
import { gapPublication, type StoredPublication } from '../history/stored-publication.js';
import { ERROR_LINES_PER_MINUTE, LogLimiter } from '../logging/log-limiter.js';
import { Subscription } from '../pubsub/subscription.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { MESSAGES_OPTIONS } from '../messages-module-definition.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { publicationOf } from '../history/channel-follower.js';
import { ReadQueue } from '../history/read-queue.js';
import { MessagesService } from '../messages.service.js';
import {
  misread,
  resolveConsumer,
  type DurableConsumerOptions,
  type ConsumerDelivery,
  type ConsumerHandler,
  type ResolvedConsumer,
} from './durable-consumer.options.js';
import { ConsumerWorker, type WorkInHand } from './consumer-worker.js';

/** What durable consumers did in this process since it started. */
export interface DurableConsumersCounters {
  /** Messages and gaps that a handler resolved for. */
  readonly handled: number;
  /** Attempts that failed and were not the last. */
  readonly retried: number;
  /** Messages and gaps whose last attempt failed, and that were given to `onFailed` or left out. */
  readonly failed: number;
  /** Gaps that were given to a handler, each attempt counted. */
  readonly gaps: number;
}

/** What a consumer is made of. */
interface Setup {
  readonly channel: RecoverableChannel;
  readonly handler: ConsumerHandler;
  readonly options: ResolvedConsumer;
}

/** Lets the processes of a cluster share the messages of a channel as work. */
@Injectable()
export class DurableConsumersService implements BeforeApplicationShutdown {
  readonly #logger = new Logger('Messages');
  readonly #limiter = new LogLimiter((line) => this.#logger.warn(line));
  readonly #errors = new LogLimiter((line, stack) => this.#logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  readonly #messages: MessagesService;
  readonly #backend: Broker;
  readonly #clock: Clock;
  readonly #workers = new Set<ConsumerWorker>();
  readonly #counts = { handled: 0, retried: 0, failed: 0, gaps: 0 };
  readonly #queue: ReadQueue;
  #isClosed = false;

  constructor(
    messages: MessagesService,
    backend: Broker,
    @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {},
  ) {
    this.#messages = messages;
    this.#backend = backend;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#queue = new ReadQueue(this.#clock);
  }

  /** Returns what durable consumers did in this process so far. */
  counters(): DurableConsumersCounters {
    return { ...this.#counts };
  }

  /** Lets handlers finish, and leaves to others what is not done; Nest calls it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    this.#queue.close();
    await Promise.all([...this.#workers].map((worker) => worker.close()));
  }

  /**
   * Handles messages of a channel with history, each in one of the processes that give the same name.
   *
   * A message is done when its handler has resolved; one that rejects is tried again, and one whose
   * process died is handled by another: at least once. Where messages are missing the handler gets a
   * `StreamGap`. How far the name is survives restarts. Resolves when the consumer has its place; while the
   * backend is degraded at once, and it begins when that has recovered. Removing the subscription ends it here.
   *
   * @throws {MessagesError} BAD_CHANNEL when the name is not one that channels may have
   * @throws {MessagesError} MESSAGES_CONFIGURATION when an option is wrong, or the channel has no history
   * @throws {MessagesError} MESSAGES_CLOSED after the shutdown has begun
   */
  async addConsumer<M extends Message>(
    channel: Channel<M, 'history'>,
    handler: ConsumerHandler<M>,
    options: DurableConsumerOptions,
  ): Promise<Subscription> {
    const name = this.#openChannel(channel);
    const { consumer, problems } = resolveConsumer(options);
    if (problems.length > 0) throw misread(problems);
    if (!isHistory(channel)) throw misread([`the channel '${name}' has no history: define it with one.`]);
    const worker = this.#makeWorker({ channel, handler: handler as ConsumerHandler, options: consumer });
    // What is heard tells that there is work, and no more: all processes hear it.
    const following = await this.#messages.follow(channel, () => worker.wake());
    this.#openChannel(channel);
    this.#workers.add(worker);
    const end = () => {
      following.remove();
      void worker.close().then(() => this.#workers.delete(worker));
    };
    const subscription = new Subscription(name, end, consumer.signal);
    if (!subscription.removed) worker.wake();
    await worker.ready;
    return subscription;
  }

  #makeWorker(setup: Setup): ConsumerWorker {
    return new ConsumerWorker(setup.channel, {
      backend: this.#backend.consumers,
      clock: this.#clock,
      queue: this.#queue,
      options: setup.options,
      handle: (hand) => this.#handle(setup, hand),
      giveUp: (hand, error) => this.#giveUp(setup, hand, error),
      retried: (hand, error) => this.#retried(setup, hand, error),
    });
  }

  async #handle(setup: Setup, hand: WorkInHand): Promise<void> {
    const { channel, handler } = setup;
    const content = contentOf(channel, hand);
    if (content.isForeignTo(deliveredBy(channel)!))
      throw new MessagesError(
        MessagesErrorCode.WrongMessage,
        `The channel '${channel.name}' is not defined with '${content.type}' here.`,
      );
    const { message } = content;
    if (hand.work.gap) this.#counts.gaps++;
    await handler(message, deliveryOf(setup, hand));
    this.#counts.handled++;
  }

  #retried(setup: Setup, hand: WorkInHand, error: unknown): void {
    this.#counts.retried++;
    this.#limiter.log('retried', `${placeOf(setup, hand)} is tried again: ${textOf(error)}`);
  }

  async #giveUp(setup: Setup, hand: WorkInHand, error: unknown): Promise<void> {
    const { onFailed } = setup.options;
    const { type, data } = contentOf(setup.channel, hand);
    try {
      await onFailed?.({ ...deliveryOf(setup, hand), type, data, error });
    } catch (failure) {
      const line = `${placeOf(setup, hand)} failed, and so did onFailed: ${textOf(failure)}`;
      this.#errors.error('onFailed', line, failure);
      throw failure;
    }
    this.#counts.failed++;
    const fate = onFailed ? 'was given to onFailed' : 'is left out';
    const line = `${placeOf(setup, hand)} ${fate} after its last attempt failed: ${textOf(error)}`;
    this.#errors.error('given up', line, error);
  }

  #openChannel(channel: Channel): string {
    if (!this.#isClosed) return channelNameOf(channel);
    throw new MessagesError(MessagesErrorCode.MessagesClosed, 'The application shuts down; nobody can read.');
  }
}

function isHistory(channel: Channel<Message, DeliveryClass>): channel is RecoverableChannel {
  return isRecoverable(channel) && channel.delivery === 'history';
}

function contentOf(channel: RecoverableChannel, { work }: WorkInHand): StoredPublication {
  if (work.message) return publicationOf(channel, work.message);
  return gapPublication(channel.name, work.position, work.gap!);
}

function deliveryOf({ channel, options }: Setup, { work, signal }: WorkInHand): ConsumerDelivery {
  const { position, attempt } = work;
  return { channel: channel.name, consumer: options.name, attempt, position, signal };
}

function placeOf({ channel, options }: Setup, { work }: WorkInHand): string {
  const what = work.gap ? 'The gap before' : 'The message at';
  return `${what} ${work.position.offset} of channel '${channel.name}' for the consumer '${options.name}', attempt ${work.attempt},`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
