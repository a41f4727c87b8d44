/** Most digits of a `bigint` on the wire, its sign not counted. */
export const MAX_BIGINT_DIGITS = 40;

/** What one text frame may hold; breaking a limit is answered, not parsed. */
export interface JsonLimits {
  /** Deepest nesting of objects and arrays, the frame itself counted. */
  readonly maxDepth: number;
  /** Objects, arrays and keys in one frame, together. */
  readonly maxNodes: number;
  /** Keys of one object, entries of one Set or Map. */
  readonly maxKeys: number;
  /** Items of all arrays in one frame, together; those of sets and maps are in arrays too. */
  readonly maxItems: number;
}

/** The limits of a frame that both peers start from. */
export const DEFAULT_JSON_LIMITS: JsonLimits = {
  maxDepth: 32,
  maxNodes: 2_000,
  maxKeys: 256,
  maxItems: 10_000,
};

/** Largest frame a server takes unless `welcome` says otherwise, in bytes. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 65_536;

/** Largest `id` of a client frame; ids start at 1. */
export const MAX_FRAME_ID = 2_147_483_647;
