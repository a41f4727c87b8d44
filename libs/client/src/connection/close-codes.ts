import type { CloseCode } from '@nestwire/protocol';

// This file imports no values: so a bundler puts the figures where they are used. The compiler
// compares them, as the table of all codes would be in every bundle.

/** The credential was not accepted. */
export const UNAUTHENTICATED: typeof CloseCode.Unauthenticated = 4501;

/** The credential has expired. */
export const CREDENTIAL_EXPIRED: typeof CloseCode.CredentialExpired = 4005;

/** The client sent too much. */
export const RATE_LIMITED: typeof CloseCode.RateLimited = 4004;

/** The peer stopped answering pings. */
export const HEARTBEAT_LOST: typeof CloseCode.HeartbeatLost = 4002;

/** The client has, or makes, another connection. */
export const REPLACED: typeof CloseCode.Replaced = 4505;

/** The client was closed by its user, for good. */
export const NORMAL = 1000;

/** The connection broke without a close frame, or was not made. */
export const ABNORMAL = 1006;

/** A frame was too large, as text: what was sent then is not sent again. */
export const TOO_LARGE: `${typeof CloseCode.TooLarge}` = '1009';
