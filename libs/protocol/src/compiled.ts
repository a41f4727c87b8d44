import './message/reflect-metadata.js';
import './class-transformer.js';

export { decodeCompiled, encodingOf, rememberEncoding } from './compiled/compiled-message.js';
