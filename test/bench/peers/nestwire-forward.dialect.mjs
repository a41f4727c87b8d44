import { forwardDialect } from './nestwire.dialect.mjs';

/** What a client says to the endpoint whose listeners forward. */
export const dialects = { 'fan-out': forwardDialect };
