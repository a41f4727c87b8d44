import { Logger } from '@nestjs/common';
import type { Codec } from '@nestwire/protocol/codec';
import type { Channel, MessagesService, Subscription } from '@nestwire/messages';
import { ATTACH, slicedWork, type Publication } from '@nestwire/messages/internal';
import type { SharedPayload } from '../transport/shared-payload.js';
import type { SubscribedConnection } from './client-subscription.js';
import { publicationFrame } from './publication-frames.js';

type Receiver = Pick<SubscribedConnection, 'clientName' | 'codec' | 'pushPublication'>;

interface Topic {
  readonly receivers: Set<Receiver>;
  readonly attached: Promise<Subscription>;
  /** Undefined until the subscription is in force. */
  subscription?: Subscription;
}

/**
 * Writes the publications of ephemeral channels to the subscribed connections.
 *
 * It needs one subscription per channel and process, and one frame per publication and codec. Each receiver
 * costs one check of its queue and one push.
 */
export class EphemeralFanout {
  private readonly logger = new Logger('Streams');
  private readonly topics = new Map<string, Topic>();
  /** The topics without a receiver that are not released yet. */
  private readonly unused = new Set<Topic>();
  private dropped = 0;

  constructor(private readonly messages: MessagesService) {}

  /** The number of channels with a receiver. */
  get channels(): number {
    return this.topics.size;
  }

  /** The number of publications that were dropped for slow receivers. */
  get droppedPublications(): number {
    return this.dropped;
  }

  /** Adds a receiver to a channel; resolves when the subscription is in force. */
  async subscribe(name: string, channel: string | Channel, receiver: Receiver): Promise<void> {
    let topic = this.topics.get(name);
    if (!topic) {
      const receivers = new Set<Receiver>();
      topic = {
        receivers,
        attached: this.messages[ATTACH](channel, (publication) => this.write(receivers, publication)),
      };
      this.topics.set(name, topic);
    }
    topic.receivers.add(receiver);
    try {
      topic.subscription = await topic.attached;
    } catch (error) {
      this.unsubscribe(name, receiver);
      throw error;
    }
  }

  /** Removes a receiver; the last one releases the channel. */
  unsubscribe(name: string, receiver: Receiver): void {
    const topic = this.topics.get(name);
    if (!topic?.receivers.delete(receiver) || topic.receivers.size) return;
    this.topics.delete(name);
    this.unused.add(topic);
    // Otherwise the release in progress includes it.
    if (this.unused.size === 1) void slicedWork.forEach(this.unused, (each) => this.release(each));
  }

  private release(topic: Topic): void {
    this.unused.delete(topic);
    if (topic.subscription) return topic.subscription.remove();
    topic.attached.then(
      (subscription) => subscription.remove(),
      () => undefined,
    );
  }

  private write(receivers: ReadonlySet<Receiver>, publication: Publication): void {
    const frames = new Map<Codec, SharedPayload | undefined>();
    let codec: Codec | undefined;
    let frame: SharedPayload | undefined;
    const { excluded } = publication;
    for (const receiver of receivers) {
      if (excluded !== undefined && receiver.clientName === excluded) continue;
      // Most receivers have the same codec as the one before.
      if (receiver.codec !== codec) {
        codec = receiver.codec;
        frame = frames.has(codec) ? frames.get(codec) : publicationFrame(codec, publication);
        frames.set(codec, frame);
      }
      if (frame && !receiver.pushPublication(frame)) this.countDropped(publication.channel);
    }
  }

  private countDropped(channel: string): void {
    if (this.dropped++) return;
    this.logger.warn(
      `A message of channel "${channel}" was dropped for a client that reads too slowly. ` +
        'This is logged once; StreamsService.counters() has the number.',
    );
  }
}
