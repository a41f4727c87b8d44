import { MAX_CHANNEL_NAME_LENGTH } from '@nestwire/messages/internal';
import type { StreamsLimits } from '../streams-limits.js';
import { MAX_RESUME_TOKEN_CHARACTERS } from './resume-token-signer.js';

const MAX_ENDPOINT_CHARACTERS = 128;
const MAX_EPOCH_CHARACTERS = 64;
const MAX_OFFSET_CHARACTERS = 16;
const MAX_ID_CHARACTERS = 64;
/** Brackets, quotes and commas of an entry, and the comma behind it. */
const PUNCTUATION = 18;

/** The most bytes of an entry beside the names of its endpoint and its channel. */
const POSITION_BYTES =
  MAX_RESUME_TOKEN_CHARACTERS +
  MAX_EPOCH_CHARACTERS +
  MAX_OFFSET_CHARACTERS +
  MAX_ID_CHARACTERS +
  PUNCTUATION;

/**
 * The most bytes that `hello` may spend on one channel.
 *
 * All of its texts are ASCII.
 */
export const MAX_RESUME_BYTES = POSITION_BYTES + MAX_ENDPOINT_CHARACTERS + MAX_CHANNEL_NAME_LENGTH;

/** Returns the most bytes that `hello` needs to resume a channel. */
export function resumeBytes(endpoint: string, channel: string): number {
  return POSITION_BYTES + endpoint.length + channel.length;
}

/** Returns how many bytes of channels fit into the largest `hello`. */
export function maxResumeBytes({ maxPayloadBytes, maxHelloBytes }: HelloLimits): number {
  return maxPayloadBytes - Math.min(maxHelloBytes, maxPayloadBytes / 4);
}

/** The limits of a `hello`. */
export type HelloLimits = Pick<StreamsLimits, 'maxPayloadBytes' | 'maxHelloBytes'>;
