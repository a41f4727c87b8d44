export { wireErrorOf } from './error/coded-error.js';
export { decodeMessage } from './message/decode-message.js';
export { messageClassesNamed, messageClassNamed, registeredMessages } from './message/message-registry.js';
export { channelName, rememberOrigin } from './message/message-meta.js';
export type { MessageOrigin } from './message/message-origin.js';
export { detailsOf, instanceFrom, schemaOf, type SchemaResult } from './message/message-schema.js';
export { paramsText } from './value/params-text.js';
export { evolutionOf, VERSION_KEY } from './message/message-evolution.js';
export { reviveMessage } from './message/message-reviver.js';
export {
  decodePresent,
  decodeProperties,
  encodeProperties,
  isPresent,
  type Natives,
} from './value/wire-value.js';
export { tagNatives } from './value/natives.js';
