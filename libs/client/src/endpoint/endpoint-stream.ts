import type { Message, MessageClass } from '@nestwire/protocol';
import type { Received } from '../received.js';
import type { RequestHandler } from '../requests/request-handlers.js';
import type { SendOptions } from './send-options.js';
import type { MessageStream } from './stream-iterators.js';

type QuestionOf<Requests> = Requests extends { readonly question: infer Question } ? Question : never;

type ReplyTo<Requests, Question> = Requests extends {
  readonly question: infer Asked;
  readonly reply: infer Reply;
}
  ? [Question] extends [Asked]
    ? Reply
    : never
  : never;

/**
 * The client's stream of one endpoint.
 *
 * `In` is sent to the server, `Out` is received. `Requests` are the requests of the server and their replies.
 */
export interface EndpointStream<In, Out, Requests = never> {
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

  /**
   * Sets the handler of a class of requests; the server gets the message that it returns.
   *
   * The stream stays open, as with a listener. A coded error of the handler reaches the server. Another handler of
   * the class replaces it.
   *
   * @returns a function that removes the handler
   */
  onRequest<Question extends QuestionOf<Requests> & Message>(
    cls: MessageClass<Question>,
    handler: RequestHandler<Received<Question>, ReplyTo<Requests, Question>>,
  ): () => void;
}
