import type { Position } from '../../../libs/messages/src/history/position.js';
import type { HistoryPage } from '../../../libs/messages/src/history/recovery.js';
import type { Branch, ModelMessage } from './branch.js';
import type { ModelClient } from './client.js';
import type { DeliveryRules } from './rules.js';

/** The channel as it flows to one client: live, or waiting for what the history says. */
class Subscription {
  buffer: ModelMessage[] = [];
  page: HistoryPage<ModelMessage> | undefined;
  isLive = false;

  constructor(readonly client: ModelClient) {}

  /** Waits for the history again. */
  reset(): void {
    this.isLive = false;
    this.buffer = [];
    this.page = undefined;
  }
}

/** A server: hears one branch, reads and writes one, which after a failover need not be the same. */
export class ModelNode {
  isUp = true;
  /** The received messages that are not handled yet. */
  heard: ModelMessage[] = [];
  readonly subscriptions = new Map<ModelClient, Subscription>();

  constructor(
    /** The branch that takes the commands. */
    public commands: Branch,
    /** The branch whose publications arrive. */
    public hears: Branch,
    private readonly rules: DeliveryRules,
  ) {}

  stop(): void {
    this.isUp = false;
    this.heard = [];
    this.subscriptions.clear();
  }

  subscribe(client: ModelClient): void {
    if (this.isUp) this.subscriptions.set(client, new Subscription(client));
  }

  /** Reads the history for a client that waits for it. */
  read(client: ModelClient): void {
    const subscription = this.subscriptions.get(client);
    if (!subscription || subscription.isLive || subscription.page) return;
    subscription.page = this.commands.read(client.position);
  }

  /** Gives a client what was read for it, or says why it cannot, and goes live. */
  recover(client: ModelClient): void {
    const subscription = this.subscriptions.get(client);
    if (!subscription?.page || subscription.isLive) return;
    const { page, buffer } = subscription;
    const gap = client.position ? this.rules.gapBehind(client.position, page) : 'first';
    if (gap) client.begin(page.head, gap);
    else page.messages.forEach((message) => client.receive(message));
    // Behind a page that was cut off the next one is read.
    if (!gap && page.isCut) return void (subscription.page = undefined);
    subscription.reset();
    subscription.isLive = true;
    for (const message of buffer) this.#feed(subscription, message);
  }

  /** Handles the first of what was heard. */
  handle(): void {
    const message = this.heard.shift();
    if (!message) return;
    for (const subscription of this.subscriptions.values()) this.#feed(subscription, message);
  }

  /** Compares the positions of what is live with the top, unless there is something left to handle. */
  checkPositions(): void {
    if (this.heard.length > 0) return;
    for (const subscription of this.subscriptions.values()) {
      const { isLive, client } = subscription;
      if (isLive && !this.rules.isSamePosition(client.position as Position, this.commands.head))
        subscription.reset();
    }
  }

  #feed(subscription: Subscription, message: ModelMessage): void {
    if (!subscription.isLive) {
      subscription.buffer.push(message);
      return;
    }
    const verdict = this.rules.classifyLive(subscription.client.position as Position, message);
    if (verdict === 'next') subscription.client.receive(message);
    if (verdict === 'break') subscription.reset();
  }
}
