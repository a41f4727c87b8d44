import type { ChatEntity } from './chat-entity.js';

/** A part of a text with the entities that cover it, the outermost first. */
export interface TextRun {
  readonly text: string;
  readonly entities: readonly ChatEntity[];
}

/**
 * Splits a text where an entity begins or ends.
 *
 * So a page shows each part as text, never as HTML.
 */
export function textRuns(text: string, entities: readonly ChatEntity[]): TextRun[] {
  const cuts = new Set([0, text.length]);
  for (const { offset, length } of entities) cuts.add(offset).add(offset + length);
  const sorted = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  return sorted.slice(1).map((end, at) => {
    const start = sorted[at]!;
    return {
      text: text.slice(start, end),
      entities: entities.filter(({ offset, length }) => offset <= start && offset + length >= end),
    };
  });
}
