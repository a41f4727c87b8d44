import type { CSSProperties } from 'react';

const HUES = [28, 75, 130, 165, 215, 255, 300, 345];

/** The style that gives somebody's name its colour: the same on every page. */
export function authorColour(name: string): CSSProperties {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return { '--hue': HUES[hash % HUES.length] } as CSSProperties;
}
