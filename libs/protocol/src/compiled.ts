import './message/reflect-metadata.js';
import './class-transformer.js';

export {
  decodeCompiled,
  encodingOf,
  rememberedEncoding,
  rememberEncoding,
} from './compiled/compiled-message.js';
