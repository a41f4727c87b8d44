import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { BrokerSink, Broker } from './broker.js';
import { isReserved } from '../channel/channel-name.js';
import type { Delivery } from './delivery.js';
import { Hub, type Receiver } from './hub.js';
import { Publication } from './publication.js';
import type { Subscription } from './subscription.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import type { PostOptions, PostResult } from '../post.options.js';
import { EXCLUDED } from './hidden-members.js';
import { LOCAL, PostOutcomes } from './post-outcomes.js';
import { parseReceived } from './received-message.js';

/** The option and the callback of ephemeral channels. */
export interface EphemeralChannelsContext {
  readonly maxMessageBytes: number;
  /** Called when the status of the broker has changed. */
  readonly statusChanged: () => void;
}

/** Posts to channels without history, and delivers within this process. */
export class EphemeralChannels {
  /** The messages that this process has posted. */
  posted = 0;
  private readonly hub: Hub;
  private readonly outcomes = new PostOutcomes();
  /** The subscriptions that the cluster has not confirmed, by channel. */
  private readonly unconfirmed = new Map<string, Promise<void>>();
  private started: Promise<void> | undefined;

  constructor(
    private readonly broker: Broker,
    private readonly delivery: Delivery,
    private readonly context: EphemeralChannelsContext,
  ) {
    this.hub = new Hub({
      desired: (channel) => this.subscribe(channel),
      unwanted: (channel) => this.unsubscribe(channel),
      failed: delivery.failed,
    });
  }

  /** The posts that may not have reached the cluster. */
  get degraded(): number {
    return this.outcomes.degraded;
  }

  /** Starts the broker; resolves when it is connected, or cannot connect now. */
  start(): Promise<void> {
    const sink: BrokerSink = {
      receive: (channel, encoded, properties) => this.receive(channel, encoded, properties),
      statusChanged: this.context.statusChanged,
    };
    return (this.started ??= this.broker.start(sink));
  }

  /** Adds a receiver; posts of other processes arrive when the cluster has confirmed the subscription. */
  add(channel: string, receiver: Receiver, signal?: AbortSignal): Subscription {
    return this.hub.add(channel, receiver, signal);
  }

  /** Adds a receiver; resolves when the cluster has confirmed the subscription. */
  async attach(channel: string, receiver: Receiver, signal?: AbortSignal): Promise<Subscription> {
    const subscription = this.add(channel, receiver, signal);
    await this.start();
    await this.unconfirmed.get(channel);
    return subscription;
  }

  /**
   * Posts a message within its scope.
   *
   * Listeners of this process have it when the call returns, unless the scope is `global`.
   *
   * @throws {MessagesError} NO_CLUSTER, UNAVAILABLE, OVERLOADED, UNCERTAIN with the scope `global`
   */
  post(
    channel: string,
    encoded: EncodedMessage,
    { scope = 'auto', except }: PostOptions,
  ): Promise<PostResult> {
    // The excluded session is on this server, so other processes need not know it.
    const publication = new Publication(channel, encoded.type, encoded.data);
    publication.excluded = except?.[EXCLUDED];
    if (scope === 'global') return this.postGlobally(channel, encoded, publication);
    if (!isReserved(channel)) this.posted++;
    const isLocal = scope === 'local' || this.broker.status === 'local';
    // Published first, so that the replies of local listeners follow it in all processes.
    const result = isLocal ? LOCAL : this.outcomes.follow(this.broker.publish(channel, encoded));
    this.hub.deliver(publication);
    return result;
  }

  private async postGlobally(
    channel: string,
    encoded: EncodedMessage,
    publication: Publication,
  ): Promise<PostResult> {
    await this.start();
    this.assertCluster(channel);
    if (!isReserved(channel)) this.posted++;
    const result = this.outcomes.require(this.broker.publish(channel, encoded));
    this.hub.deliver(publication);
    return result;
  }

  private assertCluster(channel: string): void {
    if (this.broker.status === 'local')
      throw new MessagesError(
        MessagesErrorCode.NoCluster,
        "The scope 'global' needs a broker that connects processes: configure one, or post with 'auto'.",
      );
    const refusal = this.broker.refusal(channel);
    if (refusal) throw refusal;
  }

  private receive(channel: string, encoded: EncodedMessage, properties?: object): void {
    const { type, data } = encoded;
    let parsed = properties;
    try {
      parsed ??= parseReceived(channel, encoded, this.context.maxMessageBytes);
    } catch (error) {
      return this.delivery.undecodable(channel, error as Error);
    }
    if (!isReserved(channel)) this.delivery.counts.received++;
    this.hub.deliver(new Publication(channel, type, data, parsed));
  }

  private subscribe(channel: string): void {
    const confirmed = this.broker.subscribe(channel).finally(() => {
      if (this.unconfirmed.get(channel) === confirmed) this.unconfirmed.delete(channel);
    });
    this.unconfirmed.set(channel, confirmed);
  }

  private unsubscribe(channel: string): void {
    this.unconfirmed.delete(channel);
    this.broker.unsubscribe(channel);
  }
}
