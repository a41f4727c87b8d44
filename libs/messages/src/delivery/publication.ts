import { messageClassNamed, rememberOrigin, type EncodedMessage, type Message } from '@nestwire/protocol';
import { decodeCompiled, rememberEncoding } from '@nestwire/protocol/compiled';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { deepFreeze } from './frozen.js';

/** A message as a channel carries it: encoded once, decoded at most once a process. */
export class Publication implements EncodedMessage {
  #message: Message | undefined;
  #failure: unknown;
  #properties: object | undefined;

  constructor(
    readonly channel: string,
    /** The name of the message class. */
    readonly type: string,
    /** The properties, as JSON text. */
    readonly data: string,
    /** What the text parses to, when it is known; the publication's own from then on. */
    properties?: object,
  ) {
    this.#properties = properties;
  }

  /**
   * The message, one frozen instance for all who read it.
   *
   * @throws {CodedError} when this process does not know the class, or cannot read the properties
   */
  get message(): Message {
    if (this.#message) return this.#message;
    if (this.#failure) throw this.#failure;
    try {
      return (this.#message = this.#decode());
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  #decode(): Message {
    const cls = messageClassNamed(this.type);
    if (!cls)
      throw new MessagesError(
        MessagesErrorCode.WrongMessage,
        'The message is of a class that is not known here.',
      );
    const message = decodeCompiled(cls, this.#properties ?? (JSON.parse(this.data) as object));
    this.#properties = undefined;
    rememberOrigin(message, this);
    if (deepFreeze(message)) rememberEncoding(message, { type: this.type, data: this.data });
    return message;
  }
}
