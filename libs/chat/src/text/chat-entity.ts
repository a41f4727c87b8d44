/** The kinds of marked ranges. */
export const ENTITY_TYPES = ['bold', 'italic', 'strike', 'code', 'pre', 'quote', 'link', 'mention'] as const;

/** The kind of a marked range. */
export type ChatEntityType = (typeof ENTITY_TYPES)[number];

/**
 * A marked range of a text, in UTF-16 units.
 *
 * Of two ranges of one text, one contains the other, or they have nothing in common.
 */
export interface ChatEntity {
  readonly type: ChatEntityType;
  readonly offset: number;
  readonly length: number;
  /** The target of a `link`: an address of http, https or mailto. */
  readonly url?: string;
  /** The user of a `mention`. */
  readonly userId?: string;
  /** The language of the code in a `pre`. */
  readonly language?: string;
}

/** The most entities of a typed text: the default of the server's limit. */
export const MAX_ENTITIES = 100;

/** Compares entities: by their beginning, the containing one first. */
export function compareEntities(a: ChatEntity, b: ChatEntity): number {
  return a.offset - b.offset || b.length - a.length;
}
