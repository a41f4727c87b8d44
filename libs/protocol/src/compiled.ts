import './message/reflect-metadata.js';
import './class-transformer.js';

export {
  decodeCompiled,
  decodeQuickly,
  encodingOf,
  nativeProperties,
  rememberedEncoding,
  rememberEncoding,
} from './compiled/compiled-message.js';
export {
  decoratedNamesOf,
  renamedPropertiesOf,
  transformFactsOf,
  typedClassesOf,
  type TransformFacts,
} from './compiled/transform-facts.js';
