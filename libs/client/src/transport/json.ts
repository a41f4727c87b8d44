import { JSON_SUBPROTOCOL, type ClientCodec } from '@nestwire/protocol/codec';

/** Frames in JSON. The second argument of `stringify` means nothing as a text. */
export const json = {
  subprotocols: JSON_SUBPROTOCOL,
  encode: JSON.stringify,
  decode: JSON.parse,
} as unknown as ClientCodec;
