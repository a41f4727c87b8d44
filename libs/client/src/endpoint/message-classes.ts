import { type Message, type MessageClass, messageNameOf } from '@nestwire/protocol';
import { decodeMessage, encodeProperties, type Natives } from '@nestwire/protocol/internal';
import { clientError } from '../client-error.js';

/** Encodes and decodes the messages of a client's classes. */
export class MessageClasses {
  readonly #classes: ReadonlyMap<string, MessageClass>;
  readonly #natives?: Natives;

  constructor(classes: ReadonlyMap<string, MessageClass>, natives?: Natives) {
    this.#classes = classes;
    this.#natives = natives;
  }

  has(type: string): boolean {
    return this.#classes.has(type);
  }

  /**
   * Returns the type and data of a message for a frame.
   *
   * @throws {CodedError} NOT_A_MESSAGE for an object of another class; NOT_ENCODABLE
   */
  payloadOf(message: unknown): { readonly type: string; readonly data: Record<string, unknown> } {
    const cls = (message as Message | undefined)?.constructor;
    const type = messageNameOf(cls);
    if (!type || !this.has(type))
      throw clientError('NOT_A_MESSAGE', `add @StreamMessage to ${cls?.name} and list it in messages`);
    return { type, data: encodeProperties(message as Message, this.#natives) };
  }

  /**
   * Returns the message of a frame.
   *
   * @throws {CodedError} NOT_A_MESSAGE for an unlisted class; INVALID_MESSAGE
   */
  messageOf(type: string, data: object): Message {
    const cls = this.#classes.get(type);
    // The page may be older than its server.
    if (!cls)
      throw clientError('NOT_A_MESSAGE', `${type} is not in messages: add its class, or reload the page`);
    return decodeMessage(cls, data);
  }
}
