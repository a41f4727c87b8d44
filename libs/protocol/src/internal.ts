export { wireErrorOf } from './error/coded-error.js';
export { decodeMessage } from './message/decode-message.js';
export { messageClassesNamed, messageClassNamed } from './message/message-registry.js';
export { channelName, rememberOrigin } from './message/message-meta.js';
export type { MessageOrigin } from './message/message-origin.js';
export { detailsOf, instanceFrom, schemaOf, type SchemaResult } from './message/message-schema.js';
export { decodeProperties, encodeProperties, type Natives } from './value/wire-value.js';
