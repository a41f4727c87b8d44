export { ackDialects as dialects } from './nestwire-call.dialect.mjs';
