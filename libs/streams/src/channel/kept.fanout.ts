import type { KeptChannel, MessagesService } from '@nestwire/messages';
import { KeptTopic } from './kept.topic.js';

/** The channels that keep their messages and flow to any client of this process. */
export class KeptFanout {
  private readonly topics = new Map<string, KeptTopic>();

  constructor(private readonly messages: MessagesService) {}

  /** How many there are. */
  get channels(): number {
    return this.topics.size;
  }

  /** Returns the topic of a channel for another user of it, who closes it in the end. */
  open(channel: KeptChannel): KeptTopic {
    const { name } = channel;
    const topic =
      this.topics.get(name) ?? new KeptTopic(channel, this.messages, () => this.topics.delete(name));
    this.topics.set(name, topic);
    return topic.open();
  }
}
