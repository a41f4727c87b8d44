import type { SendOptions } from './send-options.js';
import type { MessageStream } from './stream-iterators.js';

/** What a client has of one endpoint: `In` goes to the server, `Out` comes from it. */
export interface EndpointStream<In, Out> {
  /**
   * The messages from the server, for any number of readers at once.
   *
   * Each `for await` has a queue of its own and outlives reconnects. It ends when the client is
   * closed; it throws when the server refuses or closes the stream.
   *
   * Classes inside of a message that are no messages have no methods here: without class-transformer they
   * are plain objects. With it, `instanceof` tells the instance.
   */
  readonly stream: MessageStream<Out>;

  /**
   * Sends a message; resolves when the server has handled it.
   *
   * @throws {CodedError} the server's error, or one of the client's own: `docs/errors.md`
   */
  sendStreamMessage(message: In, options?: SendOptions): Promise<void>;

  /**
   * Calls back after each open of the stream, reconnects included; at once if it is open.
   *
   * What the listener sends before it awaits anything goes ahead of messages that wait.
   *
   * @returns a function that removes the listener
   */
  addStreamOpenedListener(listener: () => void): () => void;
}
