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
import { requiredStore } from '../missing-capability.error.js';
import { MESSAGES_OPTIONS } from '../messages-module-definition.js';
import type { MessagesModuleOptions } from '../messages.options.js';
import { publicationOf } from '../history/channel-follower.js';
import { ReadQueue } from '../history/read-queue.js';
import { MessagesService } from '../messages.service.js';
import { FOLLOW } from '../pubsub/hidden-members.js';
import {
  invalidConsumer,
  resolveConsumer,
  type DurableConsumerOptions,
  type ConsumerDelivery,
  type ConsumerHandler,
  type ResolvedConsumer,
} from './durable-consumer.options.js';
import type { ConsumerStore } from '../history/consumer-store.js';
import { ConsumerWorker, type HeldWork } from './consumer-worker.js';

/** The counters of durable consumers in this process since it started. */
export interface DurableConsumersCounters {
  /** Messages and gaps that a handler resolved for. */
  readonly handled: number;
  /** Attempts that failed and were not the last. */
  readonly retried: number;
  /** Messages and gaps whose last attempt failed; `onFailed` took them, or they were skipped. */
  readonly failed: number;
  /** Calls of a handler with a gap; each attempt counts. */
  readonly gaps: number;
}

/** The parts of one consumer. */
interface Setup {
  readonly channel: RecoverableChannel;
  readonly handler: ConsumerHandler;
  readonly options: ResolvedConsumer;
}

/** Distributes the messages of a channel as work among the processes of a cluster. */
@Injectable()
export class DurableConsumersService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Messages');
  private readonly limiter = new LogLimiter((line) => this.logger.warn(line));
  private readonly errors = new LogLimiter((line, stack) => this.logger.error(line, stack), {
    linesPerMinute: ERROR_LINES_PER_MINUTE,
  });
  private readonly messages: MessagesService;
  private readonly broker: Broker;
  private readonly clock: Clock;
  private readonly workers = new Set<ConsumerWorker>();
  private readonly counts = { handled: 0, retried: 0, failed: 0, gaps: 0 };
  private readonly queue: ReadQueue;
  private isClosed = false;

  constructor(
    messages: MessagesService,
    broker: Broker,
    @Optional() @Inject(MESSAGES_OPTIONS) options: MessagesModuleOptions = {},
  ) {
    this.messages = messages;
    this.broker = broker;
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.queue = new ReadQueue(this.clock);
  }

  /** Returns the counters of this process since it started. */
  counters(): DurableConsumersCounters {
    return { ...this.counts };
  }

  /** Waits for running handlers, and releases the rest to other processes; Nest calls it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isClosed = true;
    this.queue.close();
    await Promise.all([...this.workers].map((worker) => worker.close()));
  }

  /**
   * Handles messages of a channel with history as a member of a durable consumer.
   *
   * The processes that use the same name share the messages: each is handled by one of them, at least once.
   * A message is done when its handler resolves. It is retried after a rejection, and handled by another
   * process when its process dies. The handler gets a `StreamGap` in place of missing messages. The progress
   * of a name survives restarts. The promise resolves when the consumer has a position; while the broker is
   * degraded at once, and the consumer starts when the broker has recovered. Removing the subscription ends
   * the consumer in this process.
   *
   * @throws {MessagesError} BAD_CHANNEL when channels cannot have the name
   * @throws {MessagesError} MESSAGES_CONFIGURATION when an option is wrong, or the channel has no history
   * @throws {MessagesError} MISSING_CAPABILITY when the broker has no `history` or no `consumers`
   * @throws {MessagesError} MESSAGES_CLOSED after the start of the shutdown
   */
  async addConsumer<M extends Message>(
    channel: Channel<M, 'history'>,
    handler: ConsumerHandler<M>,
    options: DurableConsumerOptions,
  ): Promise<Subscription> {
    const name = this.openChannel(channel);
    const { consumer, problems } = resolveConsumer(options);
    if (problems.length > 0) throw invalidConsumer(problems);
    if (!isHistory(channel))
      throw invalidConsumer([`the channel '${name}' has no history: define it with one.`]);
    const neededBy = `The durable consumer '${consumer.name}'`;
    requiredStore(this.broker, 'history', neededBy);
    const store = requiredStore(this.broker, 'consumers', neededBy);
    const setup = { channel, handler: handler as ConsumerHandler, options: consumer };
    const worker = this.makeWorker(store, setup);
    // A publication reaches all processes, so it is only a sign that there is work.
    const following = await this.messages[FOLLOW](channel, () => worker.wake());
    this.openChannel(channel);
    this.workers.add(worker);
    const end = () => {
      following.remove();
      void worker.close().then(() => this.workers.delete(worker));
    };
    const subscription = new Subscription(name, end, consumer.signal);
    if (!subscription.removed) worker.wake();
    await worker.ready;
    return subscription;
  }

  private makeWorker(store: ConsumerStore, setup: Setup): ConsumerWorker {
    return new ConsumerWorker(setup.channel, {
      store,
      clock: this.clock,
      queue: this.queue,
      options: setup.options,
      handle: (held) => this.handle(setup, held),
      giveUp: (held, error) => this.giveUp(setup, held, error),
      retried: (held, error) => this.retried(setup, held, error),
    });
  }

  private async handle(setup: Setup, held: HeldWork): Promise<void> {
    const { channel, handler } = setup;
    const content = contentOf(channel, held);
    if (content.isForeignTo(deliveredBy(channel) ?? channel.messages))
      throw new MessagesError(
        MessagesErrorCode.WrongMessage,
        `The channel '${channel.name}' is not defined with '${content.type}' in this process.`,
      );
    const { message } = content;
    if (held.work.gap) this.counts.gaps++;
    await handler(message, deliveryOf(setup, held));
    this.counts.handled++;
  }

  private retried(setup: Setup, held: HeldWork, error: unknown): void {
    this.counts.retried++;
    this.limiter.log('retried', `${placeOf(setup, held)} is retried: ${textOf(error)}`);
  }

  private async giveUp(setup: Setup, held: HeldWork, error: unknown): Promise<void> {
    const { onFailed } = setup.options;
    const { type, data } = contentOf(setup.channel, held);
    try {
      await onFailed?.({ ...deliveryOf(setup, held), type, data, error });
    } catch (failure) {
      const line = `${placeOf(setup, held)} failed, and so did onFailed: ${textOf(failure)}`;
      this.errors.error('onFailed', line, failure);
      throw failure;
    }
    this.counts.failed++;
    const fate = onFailed ? 'was passed to onFailed' : 'is skipped';
    const line = `${placeOf(setup, held)} ${fate} after its last attempt failed: ${textOf(error)}`;
    this.errors.error('given up', line, error);
  }

  private openChannel(channel: Channel): string {
    if (!this.isClosed) return channelNameOf(channel);
    throw new MessagesError(
      MessagesErrorCode.MessagesClosed,
      'The application shuts down; it starts no consumer.',
    );
  }
}

function isHistory(channel: Channel<Message, DeliveryClass>): channel is RecoverableChannel {
  return isRecoverable(channel) && channel.delivery === 'history';
}

function contentOf(channel: RecoverableChannel, { work }: HeldWork): StoredPublication {
  if (work.message) return publicationOf(channel, work.message);
  // Work without a message is a gap; a store that omits the reason has lost the message.
  return gapPublication(channel.name, work.position, work.gap ?? 'unreadable');
}

function deliveryOf({ channel, options }: Setup, { work, signal }: HeldWork): ConsumerDelivery {
  const { position, attempt } = work;
  return { channel: channel.name, consumer: options.name, attempt, position, signal };
}

function placeOf({ channel, options }: Setup, { work }: HeldWork): string {
  const what = work.gap ? 'The gap before' : 'The message at';
  return `${what} ${work.position.offset} of channel '${channel.name}' for the consumer '${options.name}', attempt ${work.attempt},`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
