import { lifeOf, type Life } from '../scheduling/on-abort.js';
import type { Publication } from './publication.js';
import { Subscription } from './subscription.js';

/** Takes the publications of a channel, synchronously and in order. */
export type Receiver = (publication: Publication) => void;

/** What the hub reports to its owner. */
export interface HubEvents {
  /** The channel got its first receiver. */
  readonly desired: (channel: string) => void;
  /** The channel lost its last receiver. */
  readonly unwanted: (channel: string) => void;
  /** A receiver threw. */
  readonly failed: (channel: string, error: unknown) => void;
}

interface Entry {
  readonly receiver: Receiver;
  readonly number: number;
  /** Nothing is given to the receiver once it is over, removed or not. */
  readonly life: Life | undefined;
}

interface Topic {
  readonly entries: Set<Entry>;
  delivering: boolean;
  /** Posts that receivers made meanwhile. */
  readonly waiting: Publication[];
}

/** This process's map from channels to receivers. */
export class Hub {
  readonly #topics = new Map<string, Topic>();
  #lastNumber = 0;

  constructor(private readonly events: HubEvents) {}

  /** The channels that somebody listens to. */
  get channels(): IterableIterator<string> {
    return this.#topics.keys();
  }

  /** Adds a receiver; the same function twice is two receivers. */
  add(channel: string, receiver: Receiver, signal?: AbortSignal): Subscription {
    const entry = { receiver, number: ++this.#lastNumber, life: signal && lifeOf(signal) };
    const topic = this.#topics.get(channel) ?? this.#open(channel);
    topic.entries.add(entry);
    return new Subscription(channel, () => this.#remove(channel, topic, entry), signal);
  }

  /**
   * Gives a publication to every receiver of its channel, in the order they were added.
   *
   * What receivers post meanwhile on the same channel comes after it, for all of them.
   */
  deliver(publication: Publication): void {
    const topic = this.#topics.get(publication.channel);
    if (!topic) return;
    topic.waiting.push(publication);
    if (topic.delivering) return;
    topic.delivering = true;
    for (let next = 0; next < topic.waiting.length; next++) this.#deliverTo(topic, topic.waiting[next]!);
    topic.waiting.length = 0;
    topic.delivering = false;
  }

  #deliverTo(topic: Topic, publication: Publication): void {
    const last = this.#lastNumber;
    for (const { receiver, number, life } of topic.entries) {
      // Added while this publication was being delivered: it begins with the next one.
      if (number > last) break;
      if (life?.isOver) continue;
      try {
        receiver(publication);
      } catch (error) {
        this.events.failed(publication.channel, error);
      }
    }
  }

  #open(channel: string): Topic {
    const topic: Topic = { entries: new Set(), delivering: false, waiting: [] };
    this.#topics.set(channel, topic);
    this.events.desired(channel);
    return topic;
  }

  #remove(channel: string, topic: Topic, entry: Entry): void {
    topic.entries.delete(entry);
    if (topic.entries.size > 0 || this.#topics.get(channel) !== topic) return;
    this.#topics.delete(channel);
    this.events.unwanted(channel);
  }
}
