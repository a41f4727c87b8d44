import type { CSSProperties } from 'react';

const HUES = [20, 45, 75, 105, 135, 165, 195, 225, 255, 285, 315, 345];

/** The style that gives somebody's name its colour: the same on every page. */
export function authorColour(name: string): CSSProperties {
  let hash = 2166136261;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0)!, 16777619) >>> 0;
  return { '--hue': HUES[(hash >>> 5) % HUES.length] } as CSSProperties;
}
