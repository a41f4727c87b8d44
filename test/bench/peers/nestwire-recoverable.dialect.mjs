/** What a client says to the endpoints whose channels keep their messages. */
export { recoverableDialects as dialects } from './nestwire.dialect.mjs';
