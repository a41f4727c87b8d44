export { sendDialects as dialects } from './nestwire-call.dialect.mjs';
