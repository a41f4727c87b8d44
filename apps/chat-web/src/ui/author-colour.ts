import type { CSSProperties } from 'react';

const HUES = [20, 45, 75, 105, 135, 165, 195, 225, 255, 285, 315, 345];

/** Returns the style with the colour of a user, which is the same on every page. */
export function authorColour(userId: string): CSSProperties {
  let hash = 0;
  for (const char of userId) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x9e3779b1);
  const spread = (hash ^ (hash >>> 15)) >>> 0;
  return { '--hue': HUES[spread % HUES.length] } as CSSProperties;
}
