import type {
  Channel,
  ChannelListener,
  Delivered,
  DeliveryClass,
  MessagesService,
  ChannelStream,
  PostOptionsOf,
  PostResultOf,
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
  addListener<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    listener: ChannelListener<Delivered<M, D>>,
  ): Promise<Subscription> {
    return this.messages.addListener(channel, listener, { signal: this.signal });
  }

  /** Posts a message to a channel; the same as on `MessagesService`. */
  postMessage<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    message: M,
    options?: PostOptionsOf<D>,
  ): Promise<PostResultOf<D>> {
    return this.messages.postMessage(channel, message, options);
  }

  /** Returns the messages of a channel as an iterable, attached when made. */
  createStream<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
    cls?: MessageClass<M>,
  ): ChannelStream<Delivered<M, D>> {
    return this.messages.createStream(channel, cls, { signal: this.signal });
  }

  /** Returns the messages of a channel as an Observable. */
  observe<M extends Message, D extends DeliveryClass = 'ephemeral'>(
    channel: string | Channel<M, D>,
  ): Observable<Delivered<M, D>> {
    return this.messages.observe(channel, { signal: this.signal });
  }
}
