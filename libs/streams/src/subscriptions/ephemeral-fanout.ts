import { Logger } from '@nestjs/common';
import type { Codec } from '@nestwire/protocol/codec';
import type { Channel, MessagesService, Subscription } from '@nestwire/messages';
import { slicedWork, type Publication } from '@nestwire/messages/internal';
import type { WsFrame } from '../transport/ws-frame.js';
import type { SubscribedConnection } from './client-subscription.js';
import { publicationFrame } from './publication-frames.js';

type Member = Pick<SubscribedConnection, 'codec' | 'pushPublication'>;

interface Topic {
  readonly members: Set<Member>;
  readonly attached: Promise<Subscription>;
  /** Undefined until it is in force. */
  subscription?: Subscription;
}

/**
 * Writes the publications of channels to the connections that they flow to.
 *
 * One subscription a channel and process, one frame a publication and codec: what a receiver costs is a look
 * at its queue and a push.
 */
export class EphemeralFanout {
  private readonly logger = new Logger('Streams');
  private readonly topics = new Map<string, Topic>();
  /** Those that nobody follows any more, and that are still to be released. */
  private readonly left = new Set<Topic>();
  private dropped = 0;

  constructor(private readonly messages: MessagesService) {}

  /** How many channels flow to anyone. */
  get channels(): number {
    return this.topics.size;
  }

  /** How many publications were dropped because their receiver was behind. */
  get droppedPublications(): number {
    return this.dropped;
  }

  /** Lets the channel flow to the member; resolves when it does. */
  async join(name: string, channel: string | Channel, member: Member): Promise<void> {
    let topic = this.topics.get(name);
    if (!topic) {
      const members = new Set<Member>();
      topic = {
        members,
        attached: this.messages.attach(channel, (publication) => this.write(members, publication)),
      };
      this.topics.set(name, topic);
    }
    topic.members.add(member);
    try {
      topic.subscription = await topic.attached;
    } catch (error) {
      this.leave(name, member);
      throw error;
    }
  }

  /** Ends the flow to the member; the last one's leaving releases the channel. */
  leave(name: string, member: Member): void {
    const topic = this.topics.get(name);
    if (!topic?.members.delete(member) || topic.members.size) return;
    this.topics.delete(name);
    this.left.add(topic);
    // Else the release that is under way reaches it.
    if (this.left.size === 1) void slicedWork.forEach(this.left, (each) => this.release(each));
  }

  private release(topic: Topic): void {
    this.left.delete(topic);
    if (topic.subscription) return topic.subscription.remove();
    topic.attached.then(
      (subscription) => subscription.remove(),
      () => undefined,
    );
  }

  private write(members: ReadonlySet<Member>, publication: Publication): void {
    const frames = new Map<Codec, WsFrame | undefined>();
    let codec: Codec | undefined;
    let frame: WsFrame | undefined;
    for (const member of members) {
      // Most members speak what the one before them speaks.
      if (member.codec !== codec) {
        codec = member.codec;
        frame = frames.has(codec) ? frames.get(codec) : publicationFrame(codec, publication);
        frames.set(codec, frame);
      }
      if (frame && !member.pushPublication(frame)) this.countDropped(publication.channel);
    }
  }

  private countDropped(channel: string): void {
    if (this.dropped++) return;
    this.logger.warn(
      `A message of channel "${channel}" was dropped for a client that reads too slowly. ` +
        'This is said once; StreamsService.counters() has the count.',
    );
  }
}
