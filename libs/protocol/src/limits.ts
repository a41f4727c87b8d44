/** The maximum number of digits of a `bigint` on the wire, without its sign. */
export const MAX_BIGINT_DIGITS = 40;

/** The limits of one frame; a frame beyond a limit is refused before it is parsed. */
export interface JsonLimits {
  /** The maximum nesting of objects and arrays, including the frame itself. */
  readonly maxDepth: number;
  /** The maximum number of objects, arrays and keys in one frame. */
  readonly maxNodes: number;
  /** The maximum number of keys of one object, and of entries of one Set or Map. */
  readonly maxKeys: number;
  /** The maximum number of items of all arrays in one frame, including those of Sets and Maps. */
  readonly maxItems: number;
}

/** The default limits of a frame. */
export const DEFAULT_JSON_LIMITS: JsonLimits = {
  maxDepth: 32,
  maxNodes: 2_000,
  maxKeys: 256,
  maxItems: 10_000,
};

/**
 * The default maximum size of a frame to the server, in bytes.
 *
 * `welcome` may give another.
 */
export const DEFAULT_MAX_PAYLOAD_BYTES = 65_536;

/** The maximum `id` of a client frame; ids start at 1. */
export const MAX_FRAME_ID = 2_147_483_647;
