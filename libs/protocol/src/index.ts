import './message/reflect-metadata.js';

export { CloseCode, shouldReconnect } from './error/close-code.js';
export {
  CodedError,
  wireErrorOf,
  type CodedErrorOptions,
  type ErrorDetail,
  type WireError,
} from './error/coded-error.js';
export { ErrorCode } from './error/error-code.js';
export type {
  ClientCodec,
  Codec,
  CodecOption,
  EncodedMessage,
  FrameHead,
  FramePayload,
} from './frame/codec.js';
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
  type HeldChannel,
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
export { encodeMessage, JsonCodec } from './frame/json.codec.js';
export {
  DEFAULT_JSON_LIMITS,
  DEFAULT_MAX_PAYLOAD_BYTES,
  MAX_BIGINT_DIGITS,
  MAX_FRAME_ID,
  type JsonLimits,
} from './limits.js';
export { create, type MessageProps } from './message/create.js';
export { decodeMessage } from './message/decode-message.js';
export {
  messageClassesNamed,
  messageClassNamed,
  messageNameOf,
  type Message,
  type MessageClass,
} from './message/message.registry.js';
export {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type PresenceEvent,
  type WatchedMember,
} from './message/presence-events.js';
export { applyPresence, EMPTY_PRESENCE, type PresenceView } from './message/presence-view.js';
export {
  channelName,
  isFromChannel,
  metaOf,
  rememberOrigin,
  type ChannelLike,
  type MessageMeta,
  type MessageOrigin,
} from './message/message-meta.js';
export { StreamGap, type StreamGapReason } from './message/stream-gap.js';
export { StreamMessage, type AnyClass } from './message/stream-message.decorator.js';
export { encodeProperties, type Natives } from './value/wire-value.js';
