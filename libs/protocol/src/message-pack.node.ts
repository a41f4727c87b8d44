import type { ClientCodec, CodecOption } from './frame/codec.js';
import { MESSAGE_PACK_SUBPROTOCOL } from './frame/frame.js';
import { MessagePackCodec } from './frame/message-pack-codec.js';
import { messagePack as clientCodec } from './message-pack.js';

/**
 * Frames in MessagePack, for `codecs` of a server and `codec` of a client.
 *
 * Needs the package `@msgpack/msgpack`. A client that has it offers JSON as well, and speaks that
 * with a server that has not.
 */
export const messagePack: ClientCodec & CodecOption = {
  ...clientCodec,
  subprotocol: MESSAGE_PACK_SUBPROTOCOL,
  withLimits: (limits) => new MessagePackCodec(limits),
};
