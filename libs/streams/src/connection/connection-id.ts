import { randomFillSync } from 'node:crypto';

const ID_BYTES = 9;
const POOLED_IDS = 256;

const pool = Buffer.allocUnsafe(ID_BYTES * POOLED_IDS);
let used = POOLED_IDS;

/**
 * Returns a new id of twelve characters.
 *
 * The system is asked for many at once, as each question has its price.
 */
export function connectionId(): string {
  if (used === POOLED_IDS) {
    randomFillSync(pool);
    used = 0;
  }
  const at = ID_BYTES * used++;
  return pool.toString('base64url', at, at + ID_BYTES);
}
