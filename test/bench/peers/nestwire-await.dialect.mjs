import { awaitDialect } from './nestwire.dialect.mjs';

/** What a client says to the endpoint whose handler waits for its posts. */
export const dialects = { cluster: awaitDialect };
