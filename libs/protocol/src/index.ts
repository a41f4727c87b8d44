import './message/reflect-metadata.js';
export { CloseCode, shouldReconnect } from './error/close-code.js';
export { CodedError, type CodedErrorOptions, type ErrorDetail, type WireError } from './error/coded-error.js';
export { ErrorCode } from './error/error-code.js';
export type { CodecOption } from './frame/codec.js';
export { create, type MessageProps } from './message/create.js';
export { decodeMessage } from './message/decode-message.js';
export {
  createAsync,
  defineMessage,
  type MessageDefinition,
  type MessageOf,
  type SchemaInput,
  type SchemaMessage,
} from './message/define-message.js';
export type { Message, MessageClass } from './message/message-class.js';
export type { StreamMessageOptions, UnknownProperties, Upcast } from './message/stream-message.options.js';
export { messageNameOf } from './message/message-registry.js';
export {
  PresenceJoined,
  PresenceLeft,
  PresenceMembers,
  PresenceUpdated,
  type PresenceEvent,
  type WatchedMember,
} from './message/presence-events.js';
export { applyPresence, EMPTY_PRESENCE, type PresenceView } from './message/presence-view.js';
export { isFromChannel, metaOf, type ChannelLike, type MessageMeta } from './message/message-meta.js';
export { StreamGap, type StreamGapReason } from './message/stream-gap.js';
export { StreamMessage, type AnyClass } from './message/stream-message.decorator.js';
