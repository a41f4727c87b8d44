import { lifeOf, type Life } from '../scheduling/on-abort.js';
import type { Publication } from './publication.js';
import { Subscription } from './subscription.js';

/** Receives the publications of a channel, synchronously and in order. */
export type Receiver = (publication: Publication) => void;

/** The callbacks of a hub into its owner. */
export interface HubEvents {
  /** Called when a channel gets its first receiver. */
  readonly desired: (channel: string) => void;
  /** Called when a channel loses its last receiver. */
  readonly unwanted: (channel: string) => void;
  /** Called when a receiver throws. */
  readonly failed: (channel: string, error: unknown) => void;
}

interface Entry {
  readonly receiver: Receiver;
  readonly number: number;
  /** The state of the signal; after the abort the receiver gets nothing, even before its removal. */
  readonly life: Life | undefined;
}

interface Topic {
  readonly entries: Set<Entry>;
  delivering: boolean;
  /** The publications of the present turn, those that receivers post in the meantime included. */
  readonly waiting: Publication[];
}

/** Maps the channels of this process to receivers. */
export class Hub {
  private readonly topics = new Map<string, Topic>();
  private lastNumber = 0;

  constructor(private readonly events: HubEvents) {}

  /** The channels with receivers. */
  get channels(): IterableIterator<string> {
    return this.topics.keys();
  }

  /** Adds a receiver; the same function twice is two receivers. */
  add(channel: string, receiver: Receiver, signal?: AbortSignal): Subscription {
    const entry = { receiver, number: ++this.lastNumber, life: signal && lifeOf(signal) };
    const topic = this.topics.get(channel) ?? this.open(channel);
    topic.entries.add(entry);
    return new Subscription(channel, () => this.remove(channel, topic, entry), signal);
  }

  /**
   * Passes a publication to every receiver of its channel, in the order in which they were added.
   *
   * Posts that receivers make on the same channel in the meantime follow it, for all receivers.
   */
  deliver(publication: Publication): void {
    const topic = this.topics.get(publication.channel);
    if (!topic) return;
    topic.waiting.push(publication);
    if (topic.delivering) return;
    topic.delivering = true;
    // The iteration includes publications that receivers add.
    for (const next of topic.waiting) this.deliverTo(topic, next);
    topic.waiting.length = 0;
    topic.delivering = false;
  }

  private deliverTo(topic: Topic, publication: Publication): void {
    const last = this.lastNumber;
    for (const { receiver, number, life } of topic.entries) {
      // A receiver that was added during the delivery starts with the next publication.
      if (number > last) break;
      if (life?.isOver) continue;
      try {
        receiver(publication);
      } catch (error) {
        this.events.failed(publication.channel, error);
      }
    }
  }

  private open(channel: string): Topic {
    const topic: Topic = { entries: new Set(), delivering: false, waiting: [] };
    this.topics.set(channel, topic);
    this.events.desired(channel);
    return topic;
  }

  private remove(channel: string, topic: Topic, entry: Entry): void {
    topic.entries.delete(entry);
    if (topic.entries.size > 0 || this.topics.get(channel) !== topic) return;
    this.topics.delete(channel);
    this.events.unwanted(channel);
  }
}
