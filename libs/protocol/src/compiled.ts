import './message/reflect-metadata.js';
import './class-transformer.js';

export {
  decodeCompiled,
  encodingOf,
  nativeProperties,
  rememberedEncoding,
  rememberEncoding,
} from './compiled/compiled-message.js';
