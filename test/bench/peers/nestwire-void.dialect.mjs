export { voidDialects as dialects } from './nestwire-call.dialect.mjs';
