import type { ClientCodec } from './frame/codec.js';
import { JSON_SUBPROTOCOL, MESSAGE_PACK_SUBPROTOCOL } from './frame/frame.js';
import { pack, unpack } from './frame/pack.js';
import { packedNatively, tagNatives } from './value/natives.js';

/** The MessagePack codec for browsers, without the code for servers. */
export const messagePack: ClientCodec = {
  subprotocols: [MESSAGE_PACK_SUBPROTOCOL, JSON_SUBPROTOCOL],
  natives: packedNatively,
  encode: (frame, subprotocol) => (subprotocol === JSON_SUBPROTOCOL ? tagNatives(frame) : pack(frame)),
  decode: (payload) =>
    typeof payload === 'string' ? (JSON.parse(payload) as object) : unpack(new Uint8Array(payload)),
};
