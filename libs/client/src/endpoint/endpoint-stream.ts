import type { SendOptions } from './send-options.js';
import type { MessageStream } from './stream-iterators.js';

/**
 * The client's stream of one endpoint.
 *
 * `In` is sent to the server, `Out` is received.
 */
export interface EndpointStream<In, Out> {
  /**
   * The messages from the server, for any number of readers at once.
   *
   * Each `for await` has its own queue and survives reconnects. It ends when the client is closed; it throws
   * when the server refuses or closes the stream.
   *
   * Without class-transformer, objects inside a message whose classes are no messages are plain objects without
   * methods. With it, they are instances.
   */
  readonly stream: MessageStream<Out>;

  /**
   * Sends a message; resolves when the server has handled it.
   *
   * @throws {CodedError} the server's error, or an error of the client; see `docs/errors.md`
   */
  sendStreamMessage(message: In, options?: SendOptions): Promise<void>;

  /**
   * Adds a listener for each open of the stream, also after reconnects; called at once if it is open.
   *
   * Messages that the listener sends before its first `await` precede waiting messages.
   *
   * @returns a function that removes the listener
   */
  addStreamOpenedListener(listener: () => void): () => void;
}
