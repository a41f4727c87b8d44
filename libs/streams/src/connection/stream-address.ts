import type { OpenFrame } from '@nestwire/protocol/codec';
import type { Endpoint } from '../endpoint/endpoint-registry.js';
import type { StreamAddress } from '../session/server-session.js';
import { canonicalParams } from '../endpoint/stream-params.js';
import { noParams, paramsRequired, streamKeyMismatch, streamKeyRequired } from '../session/stream.errors.js';

/** Returns whether a client chose the key: names begin with a letter. */
export function isChosenKey(stream: string): boolean {
  return !/^[A-Za-z]/.test(stream);
}

/**
 * Returns the address of the stream that a frame opens.
 *
 * The key of a stream without parameters is the name of its endpoint. With parameters the client chooses a key
 * that is no name.
 *
 * @throws {CodedError} INVALID_PARAMS, STREAM_KEY_MISMATCH
 */
export function streamAddress({ name, hasParams }: Endpoint, { stream, params }: OpenFrame): StreamAddress {
  if (!hasParams) {
    if (params !== undefined) throw noParams(name);
    if (stream !== undefined && stream !== name) throw streamKeyMismatch(name);
    return { endpoint: name, paramsText: '', stream: name };
  }
  if (params === undefined) throw paramsRequired(name);
  if (stream === undefined || !isChosenKey(stream)) throw streamKeyRequired(name);
  return { endpoint: name, paramsText: canonicalParams(params), stream };
}
