// This file imports nothing: so a bundler puts the figures where they are used.

/** Most ids of messages of one channel that are remembered. */
export const MAX_IDS = 1_024;

/** The least wait after the client sent too much, in milliseconds. */
export const RATE_LIMITED_MS = 5_000;

/** The longest spread that a server may ask for, in milliseconds. */
export const MAX_SPREAD_MS = 60_000;

/** More endpoints than an application has: no server can fill the memory. */
export const MAX_ENDPOINTS = 1_000;

/** The largest id of a frame; the next one is 1. */
export const MAX_ID = 2_147_483_647;

/** Longest time for a server to catch up after a handover, in milliseconds. */
export const CATCH_UP_MS = 15_000;

/** How often in a row an unreadable frame makes the client resume. */
export const MAX_UNREADABLE = 3;

/** On a connection older than this, in ms, unreadable frames count anew. */
export const UNREADABLE_MS = 10_000;
