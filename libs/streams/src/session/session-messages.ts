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
 * `MessagesService` for one session; the end of the session removes its listeners.
 *
 * Calls after the end add nothing.
 */
export class SessionMessages {
  constructor(
    private readonly messages: MessagesService,
    private readonly signal: AbortSignal,
  ) {}

  /** Calls the listener for each message of the channel; resolves when it is in force. */
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

  /** Returns the messages of a channel as an iterable, which listens at once. */
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
