import './message/reflect-metadata.js';

export {
  decodeCompiled,
  decodeQuickly,
  encodingOf,
  nativeProperties,
  rememberedEncoding,
  rememberEncoding,
} from './compiled/compiled-message.js';
export { isMissing, loadClassTransformer } from './compiled/load-class-transformer.js';
export { declareProperties, decodeUntypedQuickly } from './compiled/message-decoder.js';
export {
  AcceptedClasses,
  isReservedName,
  isTree,
  roleOf,
  type DataRole,
} from './compiled/accepted-classes.js';
export {
  decoratedNamesOf,
  renamedPropertiesOf,
  transformFactsOf,
  typedClassesOf,
  type TransformFacts,
} from './compiled/transform-facts.js';
