import type { Message, MessageClass } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { decodeMessage, messageClassNamed, rememberOrigin } from '@nestwire/protocol/internal';
import { decodeQuickly, rememberEncoding } from '@nestwire/protocol/compiled';
import { acceptedOn } from '../channel/accepted-classes.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { deepFreeze } from './frozen.js';

const MAX_PATH = 32;
const MAX_PATH_CHARACTERS = 200;

/** A message as a channel carries it; each process decodes it at most once. */
export class Publication implements EncodedMessage {
  /** The public name of the client that does not receive it; undefined for none. */
  excluded: string | undefined;
  private decoded: Message | undefined;
  private failure: unknown;
  private properties: object | undefined;

  constructor(
    readonly channel: string,
    /** The name of the message class. */
    readonly type: string,
    /** The properties, as JSON text. */
    readonly data: string,
    /** The parsed text, when it is known; the caller does not use it afterwards. */
    properties?: object,
  ) {
    this.properties = properties;
  }

  /**
   * The message; one frozen instance for all readers.
   *
   * @throws {CodedError} when this process does not know the class, or cannot decode the properties
   */
  get message(): Message {
    if (this.decoded) return this.decoded;
    if (this.failure) throw this.failure;
    try {
      return (this.decoded = this.decode());
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** Returns true when its class is known and is none of these; makes no instance. */
  isForeignTo(classes: readonly MessageClass[]): boolean {
    const cls = messageClassNamed(this.type);
    return !!cls && !classes.some((each) => cls === each || cls.prototype instanceof each);
  }

  private decode(): Message {
    const cls = messageClassNamed(this.type);
    if (!cls)
      throw new MessagesError(
        MessagesErrorCode.WrongMessage,
        'This process does not know the class of the message. Import the class.',
      );
    const properties = this.properties ?? (JSON.parse(this.data) as object);
    // The compiled decoder makes instances of declared classes only, so it needs no check of foreign classes.
    const message = decodeQuickly(cls, properties) ?? this.decodeByLibraries(cls, properties);
    this.properties = undefined;
    rememberOrigin(message, this);
    if (deepFreeze(message)) rememberEncoding(message, { type: this.type, data: this.data });
    return message;
  }

  private decodeByLibraries(cls: MessageClass, properties: object): Message {
    const foreign = acceptedOn(this.channel, cls).foreignType(properties);
    if (!foreign) return decodeMessage(cls, properties);
    const path = foreign.slice(0, MAX_PATH).join('.').slice(0, MAX_PATH_CHARACTERS);
    throw new MessagesError(
      MessagesErrorCode.WrongMessage,
      `The property '${path}' has a class that neither the channel nor a @Type of the message declares. ` +
        'Add the class to the channel, or @Type to the property.',
    );
  }
}
