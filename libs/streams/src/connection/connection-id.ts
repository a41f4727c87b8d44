import { randomFillSync } from 'node:crypto';

const ID_BYTES = 9;
const POOLED_IDS = 256;

const pool = Buffer.allocUnsafe(ID_BYTES * POOLED_IDS);
let used = POOLED_IDS;

/**
 * Returns a new random id of twelve characters.
 *
 * The random bytes of many ids are fetched at once, because each system call is expensive.
 */
export function connectionId(): string {
  if (used === POOLED_IDS) {
    randomFillSync(pool);
    used = 0;
  }
  const at = ID_BYTES * used++;
  return pool.toString('base64url', at, at + ID_BYTES);
}
