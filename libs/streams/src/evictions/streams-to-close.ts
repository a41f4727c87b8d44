import { CodedError, ErrorCode } from '@nestwire/protocol';
import { paramsText } from '@nestwire/protocol/internal';
import type { FlatParams } from '../endpoint/endpoint-params.js';
import { MAX_PARAMS_BYTES } from '../endpoint/stream-params.js';
import type { EvictedStream, EvictionMatcher } from '../connection/evicted-stream.js';

/** The streams that end: those of an endpoint, narrowed by the other properties. */
export interface StreamsToClose<P extends object = object> {
  /** The name of the endpoint. */
  readonly endpoint: string;
  /** Parameters that the streams have, alone or with others. @default any */
  readonly params?: P & FlatParams<P>;
  /** The user of the streams. @default any */
  readonly userId?: string;
  /** The id of one session. @default any */
  readonly sessionId?: string;
}

/** Streams to close, as servers exchange them. */
export interface Eviction {
  readonly endpoint: string;
  /** The canonical text of the parameters; empty for all. */
  readonly paramsText: string;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
}

const MAX_TEXT_CHARACTERS = 1_024;

/**
 * Returns checked streams to close.
 *
 * An empty name is refused, because it would silently close nothing, or too much.
 *
 * @throws {CodedError} INVALID_MESSAGE
 */
export function evictionOf({ endpoint, params, userId, sessionId }: StreamsToClose): Eviction {
  const hasParams = params !== undefined && Object.keys(params).length > 0;
  const eviction = { endpoint, paramsText: hasParams ? paramsText(params) : '', userId, sessionId };
  if (isEviction(eviction)) return eviction;
  throw new CodedError(
    ErrorCode.InvalidMessage,
    'close() needs the name of an endpoint, flat params, and no empty userId or sessionId. Leave those out to close all streams of the endpoint.',
  );
}

/** Returns whether a value from another server is an eviction. */
export function isEviction({ endpoint, paramsText: params, userId, sessionId }: Eviction): boolean {
  return (
    isText(endpoint) &&
    (params === '' || isParamsText(params)) &&
    (userId === undefined || isText(userId)) &&
    (sessionId === undefined || isText(sessionId))
  );
}

/** Returns a function that decides whether a stream ends, or must not be resumed. */
export function evictionMatcher(eviction: Eviction): EvictionMatcher {
  const { endpoint, userId, sessionId } = eviction;
  const params = Object.entries(paramsOf(eviction.paramsText));
  return (stream) =>
    stream.endpoint === endpoint &&
    (sessionId === undefined || stream.id === sessionId) &&
    (userId === undefined || userIdOf(stream) === userId) &&
    (!params.length || hasParams(stream, params));
}

function hasParams(
  { params, paramsText: text }: EvictedStream,
  wanted: ReadonlyArray<[string, unknown]>,
): boolean {
  const own = (params ?? paramsOf(text)) as Readonly<Record<string, unknown>>;
  return wanted.every(([name, value]) => own[name] === value);
}

function paramsOf(text: string): object {
  return text ? (JSON.parse(text) as object) : {};
}

function userIdOf({ user }: EvictedStream): unknown {
  return (user as { readonly id?: unknown } | null | undefined)?.id;
}

function isParamsText(text: unknown): boolean {
  if (!isText(text) || Buffer.byteLength(text) > MAX_PARAMS_BYTES) return false;
  try {
    const params: unknown = JSON.parse(text);
    if (typeof params !== 'object' || params === null || Array.isArray(params)) return false;
    return Object.values(params).every((value) => ['string', 'number', 'boolean'].includes(typeof value));
  } catch {
    return false;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_CHARACTERS;
}
