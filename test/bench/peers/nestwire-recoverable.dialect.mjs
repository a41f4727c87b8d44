/** The frames for the endpoints whose channels have a history. */
export { recoverableDialects as dialects } from './nestwire.dialect.mjs';
