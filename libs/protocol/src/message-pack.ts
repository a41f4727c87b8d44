import type { ClientCodec, CodecOption } from './frame/codec.js';
import { JSON_SUBPROTOCOL, MESSAGE_PACK_SUBPROTOCOL } from './frame/frame.js';
import { MessagePackCodec } from './frame/message-pack.codec.js';
import { pack, unpack } from './frame/pack.js';
import { packedNatively, tagNatives } from './value/natives.js';

/**
 * Frames in MessagePack, for `codecs` of a server and `codec` of a client.
 *
 * Needs the package `@msgpack/msgpack`. A client that has it offers JSON as well, and speaks that
 * with a server that has not.
 */
export const messagePack: ClientCodec & CodecOption = {
  subprotocol: MESSAGE_PACK_SUBPROTOCOL,
  subprotocols: [MESSAGE_PACK_SUBPROTOCOL, JSON_SUBPROTOCOL],
  natives: packedNatively,
  encode: (frame, subprotocol) => (subprotocol === JSON_SUBPROTOCOL ? tagNatives(frame) : pack(frame)),
  decode: (payload) =>
    typeof payload === 'string' ? (JSON.parse(payload) as object) : unpack(new Uint8Array(payload)),
  withLimits: (limits) => new MessagePackCodec(limits),
};
