// This file imports nothing, so that bundlers inline the numbers.

/** Maximum number of remembered message ids, per channel. */
export const MAX_IDS = 1_024;

/** Minimum reconnect delay after close code 4004, in milliseconds. */
export const RATE_LIMITED_MS = 5_000;

/** Maximum spread of a `goaway` that the client accepts, in milliseconds. */
export const MAX_SPREAD_MS = 60_000;

/** Maximum number of streams that a server can create in the client. */
export const MAX_ENDPOINTS = 1_000;

/** Maximum id of a frame; the next one is 1. */
export const MAX_ID = 2_147_483_647;

/** Time for a server to catch up after a handover, in milliseconds. */
export const CATCH_UP_MS = 15_000;

/** Maximum number of consecutive unreadable frames that make the client resume. */
export const MAX_UNREADABLE = 3;

/** The age of a connection at which unreadable frames are counted again, in ms. */
export const UNREADABLE_MS = 10_000;

/** The delay of a credit for less than half of the window, in milliseconds. */
export const CREDIT_MS = 1_000;

/** The time without use after which a stream with parameters closes, in ms. */
export const UNUSED_MS = 5_000;
