import { setTimeout as delay } from 'node:timers/promises';

const WORDS = ['the ', 'quick ', 'brown ', 'fox ', 'jumps ', 'over ', 'a ', 'lazy ', 'dog ', 'and '];

/** Returns token number `n` of a fake model. @param {number} n */
export const tokenAt = (n) => WORDS[n % WORDS.length];

/**
 * Makes the tokens of a fake model, which all peers share.
 *
 * @param {{ count: number, perSecond: number }} request `perSecond` 0: as fast as they are taken
 */
export async function* tokensOf({ count, perSecond }) {
  for (let n = 0; n < count; n++) {
    if (perSecond) await delay(1_000 / perSecond);
    yield tokenAt(n);
  }
}
