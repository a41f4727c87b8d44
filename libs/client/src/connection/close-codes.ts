import type { CloseCode } from '@nestwire/protocol';

// This file imports no values, so that bundles contain only these numbers and not the table of all codes.
// The types compare the numbers with that table.

/** The credential was refused. */
export const UNAUTHENTICATED: typeof CloseCode.Unauthenticated = 4501;

/** The credential has expired. */
export const CREDENTIAL_EXPIRED: typeof CloseCode.CredentialExpired = 4005;

/** The client sent too much. */
export const RATE_LIMITED: typeof CloseCode.RateLimited = 4004;

/** The peer stopped answering pings. */
export const HEARTBEAT_LOST: typeof CloseCode.HeartbeatLost = 4002;

/** Another connection replaces this one. */
export const REPLACED: typeof CloseCode.Replaced = 4505;

/** The application closed the client for good. */
export const NORMAL = 1000;

/** The connection was lost without a close frame, or could not open. */
export const ABNORMAL = 1006;

/**
 * A frame was too large.
 *
 * The client does not resend the messages of that connection.
 */
export const TOO_LARGE: typeof CloseCode.TooLarge = 1009;
