import { forwardDialect } from './nestwire.dialect.mjs';

/** The frames for the endpoint whose listeners forward. */
export const dialects = { 'fan-out': forwardDialect };
