export type { ClientCodec, Codec, EncodedMessage, FrameHead, FramePayload } from './frame/codec.js';
export { FrameFault } from './frame/frame-fault.js';
export { guardClientFrame } from './frame/frame-guard.js';
export {
  JSON_SUBPROTOCOL,
  MESSAGE_PACK_SUBPROTOCOL,
  PROTOCOL_VERSION,
  type AckFrame,
  type AuthenticatedFrame,
  type AuthFrame,
  type ClientFrame,
  type ClientMessageFrame,
  type ClosedFrame,
  type CloseFrame,
  type ErrorFrame,
  type Frame,
  type GoAwayFrame,
  type ResumePosition,
  type HelloFrame,
  type OpenedFrame,
  type OpenFrame,
  type PingFrame,
  type PongFrame,
  type PositionFrame,
  type PublicationFrame,
  type PublicationPlace,
  type ServerFrame,
  type ServerMessageFrame,
  type SubscribedFrame,
  type UnsubscribedFrame,
  type WelcomeFrame,
  type WireCloseReason,
  type WirePosition,
} from './frame/frame.js';
export { encodeMessage, JsonCodec } from './frame/json-codec.js';
export {
  DEFAULT_JSON_LIMITS,
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_BIGINT_DIGITS,
  MAX_FRAME_ID,
  type JsonLimits,
} from './limits.js';
