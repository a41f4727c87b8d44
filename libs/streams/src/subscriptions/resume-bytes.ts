import { MAX_CHANNEL_NAME_LENGTH } from '@nestwire/messages/internal';
import type { StreamsLimits } from '../streams-limits.js';
import { MAX_PARAMS_BYTES } from '../endpoint/stream-params.js';
import type { ResumedStream } from './resume-positions.js';
import { MAX_RESUME_TOKEN_CHARACTERS } from './resume-token-signer.js';

const MAX_ENDPOINT_CHARACTERS = 128;
const MAX_EPOCH_CHARACTERS = 64;
const MAX_OFFSET_CHARACTERS = 16;
const MAX_ID_CHARACTERS = 64;
/** The brackets, quotes and commas of an entry. */
const PUNCTUATION = 18;

/** The maximum size of an entry without the names of its endpoint and channel, in bytes. */
const POSITION_BYTES =
  MAX_RESUME_TOKEN_CHARACTERS +
  MAX_EPOCH_CHARACTERS +
  MAX_OFFSET_CHARACTERS +
  MAX_ID_CHARACTERS +
  PUNCTUATION;

/** The maximum size of one channel in `hello`, in bytes; all texts are ASCII. */
export const MAX_RESUME_BYTES = POSITION_BYTES + MAX_ENDPOINT_CHARACTERS + MAX_CHANNEL_NAME_LENGTH;

/** The maximum size of the parameters in an entry of `hello`; they may be escaped. */
export const MAX_RESUME_PARAMS_BYTES = 3 * MAX_PARAMS_BYTES;

/** Returns the maximum size of a channel in `hello`, in bytes. */
export function resumeBytes({ endpoint, paramsText }: ResumedStream, channel: string): number {
  const paramsBytes = paramsText && Buffer.byteLength(paramsText) + 1;
  return POSITION_BYTES + endpoint.length + channel.length + Number(paramsBytes);
}

/** Returns the bytes of channels that fit into the largest `hello`. */
export function maxResumeBytes({ maxPayloadBytes, maxHelloBytes }: HelloLimits): number {
  return maxPayloadBytes - Math.min(maxHelloBytes, maxPayloadBytes / 4);
}

/** The limits of a `hello`. */
export type HelloLimits = Pick<StreamsLimits, 'maxPayloadBytes' | 'maxHelloBytes'>;
