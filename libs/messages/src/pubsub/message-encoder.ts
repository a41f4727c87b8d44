import { messageNameOf, type Message } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import { encodingOf, isReservedName } from '@nestwire/protocol/compiled';
import { messagesOf, type Channel } from '../channel/channel.js';
import { isReserved } from '../channel/channel-name.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import { isTooDeep, MAX_MESSAGE_DEPTH } from './message-text.js';

/** The most bytes of UTF-8 in one UTF-16 unit of a string. */
const MAX_BYTES_PER_UNIT = 3;

/** Encodes posted messages, and refuses the ones that their channel cannot carry. */
export class MessageEncoder {
  constructor(private readonly maxMessageBytes: number) {}

  /**
   * Encodes a message for a channel.
   *
   * @param name the name of the channel
   * @throws {CodedError} NOT_A_MESSAGE, NOT_ENCODABLE when the message cannot be encoded
   * @throws {MessagesError} MESSAGE_TOO_LARGE when it is too large or nests too deep
   * @throws {MessagesError} WRONG_MESSAGE when the channel is not defined with its class
   */
  encode(channel: string | Channel, name: string, message: Message): EncodedMessage {
    const encoded = encodingOf(message);
    this.checkSize(encoded);
    checkClass(channel, name, encoded.type);
    return encoded;
  }

  private checkSize({ type, data }: EncodedMessage): void {
    // Receivers refuse such a text, so a stored one would be a gap for all of them.
    if (isTooDeep(data))
      throw new MessagesError(
        MessagesErrorCode.MessageTooLarge,
        `The message '${type}' nests deeper than ${MAX_MESSAGE_DEPTH} levels. Nest its properties less.`,
      );
    // Measuring takes time, and the bound is known to hold for most messages.
    if (data.length * MAX_BYTES_PER_UNIT <= this.maxMessageBytes) return;
    const bytes = Buffer.byteLength(data);
    if (bytes <= this.maxMessageBytes) return;
    throw new MessagesError(
      MessagesErrorCode.MessageTooLarge,
      `The message '${type}' has ${bytes} bytes; the limit is ${this.maxMessageBytes} (maxMessageBytes). ` +
        'Send less at once, or raise the limit.',
    );
  }
}

function checkClass(channel: string | Channel, name: string, type: string): void {
  if (isReservedName(type) && !isReserved(name))
    throw new MessagesError(
      MessagesErrorCode.WrongMessage,
      `'${type}' is a message of nestwire itself, and channels do not carry it. Post a message of your own class.`,
    );
  const classes = messagesOf(channel);
  if (!classes || classes.some((cls) => messageNameOf(cls) === type)) return;
  throw new MessagesError(
    MessagesErrorCode.WrongMessage,
    `The channel '${name}' does not carry '${type}'; it is defined with ` +
      `${classes.map((cls) => `'${messageNameOf(cls)}'`).join(', ')}. Post one of these, or add the class.`,
  );
}
