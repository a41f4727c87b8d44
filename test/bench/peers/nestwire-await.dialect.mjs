import { awaitDialect } from './nestwire.dialect.mjs';

/** The frames for the endpoint whose handler waits for its posts. */
export const dialects = { cluster: awaitDialect };
