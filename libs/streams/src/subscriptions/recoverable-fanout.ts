import type { MessagesService } from '@nestwire/messages';
import type { RecoverableChannel } from '@nestwire/messages/internal';
import { RecoverableTopic } from './recoverable-topic.js';

/** The recoverable channels with a subscribed client in this process. */
export class RecoverableFanout {
  private readonly topics = new Map<string, RecoverableTopic>();

  constructor(private readonly messages: MessagesService) {}

  /** The number of channels. */
  get channels(): number {
    return this.topics.size;
  }

  /** Returns the topic of a channel for one more subscription, which must close it. */
  open(channel: RecoverableChannel): RecoverableTopic {
    const { name } = channel;
    const topic =
      this.topics.get(name) ?? new RecoverableTopic(channel, this.messages, () => this.topics.delete(name));
    this.topics.set(name, topic);
    return topic.open();
  }
}
