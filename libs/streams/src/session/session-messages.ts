import type {
  Channel,
  ChannelListener,
  MessagesService,
  MessageStream,
  PostOptions,
  PostResult,
  Subscription,
} from '@nestwire/messages';
import type { Message, MessageClass } from '@nestwire/protocol';
import type { Observable } from 'rxjs';

/**
 * `MessagesService` for one session: what is added here goes when it ends.
 *
 * Calls after the end add nothing.
 */
export class SessionMessages {
  constructor(
    private readonly messages: MessagesService,
    private readonly signal: AbortSignal,
  ) {}

  /** Calls the function for each message of the channel; resolves once in force. */
  addListener<M extends Message>(
    channel: string | Channel<M>,
    listener: ChannelListener<M>,
  ): Promise<Subscription> {
    return this.messages.addListener(channel, listener, { signal: this.signal });
  }

  /** Posts a message to a channel; the same as on `MessagesService`. */
  postMessage<M extends Message>(
    channel: string | Channel<M>,
    message: M,
    options?: PostOptions,
  ): Promise<PostResult> {
    return this.messages.postMessage(channel, message, options);
  }

  /** Returns the messages of a channel as an iterable, attached when made. */
  createStream<M extends Message>(channel: string | Channel<M>, cls?: MessageClass<M>): MessageStream<M> {
    return this.messages.createStream(channel, cls, { signal: this.signal });
  }

  /** Returns the messages of a channel as an Observable. */
  observe<M extends Message>(channel: string | Channel<M>): Observable<M> {
    return this.messages.observe(channel, { signal: this.signal });
  }
}
