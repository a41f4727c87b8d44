import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { BrokerSink, Broker } from './broker.js';
import { isReserved } from '../channel/reserved-channel.js';
import type { Delivery } from './delivery.js';
import { Hub, type Receiver } from './hub.js';
import { Publication } from './publication.js';
import type { Subscription } from './subscription.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import type { PostResult, PostScope } from '../post.options.js';
import { LOCAL, PostOutcomes } from './post-outcomes.js';

/** The channels that keep nothing: what is posted reaches whoever listens then. */
export class EphemeralChannels {
  /** How many messages this process has posted. */
  posted = 0;
  readonly #hub: Hub;
  readonly #outcomes = new PostOutcomes();
  /** Of each channel whose subscription is being made: settles when it is in force. */
  readonly #inForce = new Map<string, Promise<void>>();
  #started: Promise<void> | undefined;

  constructor(
    private readonly backend: Broker,
    private readonly delivery: Delivery,
    private readonly statusChanged: () => void,
  ) {
    this.#hub = new Hub({
      desired: (channel) => this.#want(channel),
      unwanted: (channel) => this.#unwant(channel),
      failed: delivery.failed,
    });
  }

  /** How many posts did not reach the cluster for certain. */
  get degraded(): number {
    return this.#outcomes.degraded;
  }

  /** Connects; resolves when that is done, or clearly not possible now. */
  start(): Promise<void> {
    const sink: BrokerSink = {
      receive: (channel, encoded, properties) => this.#receive(channel, encoded, properties),
      statusChanged: this.statusChanged,
    };
    return (this.#started ??= this.backend.start(sink));
  }

  /** Adds a receiver at once; what the cluster posts is heard when the subscription is in force. */
  add(channel: string, receiver: Receiver, signal?: AbortSignal): Subscription {
    return this.#hub.add(channel, receiver, signal);
  }

  /** Adds a receiver; resolves when the subscription is in force. */
  async attach(channel: string, receiver: Receiver, signal?: AbortSignal): Promise<Subscription> {
    const subscription = this.add(channel, receiver, signal);
    await this.start();
    await this.#inForce.get(channel);
    return subscription;
  }

  /**
   * Posts a message as far as its scope says; listeners of this process have it when the call returns,
   * unless the scope is `global`.
   *
   * @throws {MessagesError} NO_CLUSTER, UNAVAILABLE, OVERLOADED, UNCERTAIN with the scope `global`
   */
  post(channel: string, encoded: EncodedMessage, scope: PostScope): Promise<PostResult> {
    if (scope === 'global') return this.#postGlobally(channel, encoded);
    if (!isReserved(channel)) this.posted++;
    const isLocal = scope === 'local' || this.backend.status === 'local';
    // Published first: what listeners post in answer then follows it on every path.
    const result = isLocal ? LOCAL : this.#outcomes.follow(this.backend.publish(channel, encoded));
    this.#hub.deliver(new Publication(channel, encoded.type, encoded.data));
    return result;
  }

  async #postGlobally(channel: string, encoded: EncodedMessage): Promise<PostResult> {
    await this.start();
    this.#assertCluster(channel);
    if (!isReserved(channel)) this.posted++;
    const result = this.#outcomes.require(this.backend.publish(channel, encoded));
    this.#hub.deliver(new Publication(channel, encoded.type, encoded.data));
    return result;
  }

  #assertCluster(channel: string): void {
    if (this.backend.status === 'local')
      throw new MessagesError(
        MessagesErrorCode.NoCluster,
        "The scope 'global' needs a broker that connects processes: configure one, or post with 'auto'.",
      );
    const refusal = this.backend.refusal(channel);
    if (refusal) throw refusal;
  }

  #receive(channel: string, { type, data }: EncodedMessage, properties?: object): void {
    if (!isReserved(channel)) this.delivery.counts.received++;
    this.#hub.deliver(new Publication(channel, type, data, properties));
  }

  #want(channel: string): void {
    const confirmed = this.backend.subscribe(channel).finally(() => {
      if (this.#inForce.get(channel) === confirmed) this.#inForce.delete(channel);
    });
    this.#inForce.set(channel, confirmed);
  }

  #unwant(channel: string): void {
    this.#inForce.delete(channel);
    this.backend.unsubscribe(channel);
  }
}
