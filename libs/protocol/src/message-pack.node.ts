import type { ClientCodec, CodecOption } from './frame/codec.js';
import { MESSAGE_PACK_SUBPROTOCOL } from './frame/frame.js';
import { MessagePackCodec } from './frame/message-pack-codec.js';
import { messagePack as clientCodec } from './message-pack.js';

/**
 * The MessagePack codec, for `codecs` of a server and `codec` of a client.
 *
 * It needs the package `@msgpack/msgpack`. A client with it also offers JSON, and uses that with a server
 * without MessagePack.
 */
export const messagePack: ClientCodec & CodecOption = {
  ...clientCodec,
  subprotocol: MESSAGE_PACK_SUBPROTOCOL,
  withLimits: (limits) => new MessagePackCodec(limits),
};
