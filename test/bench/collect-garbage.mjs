import { setTimeout as sleep } from 'node:timers/promises';
import { runGc } from '../rig/run-gc.mjs';

const COLLECTIONS = 4;
const SETTLE_MS = 50;

/** Collects what could be collected, and what that sets free. Needs --expose-gc. */
export async function collectGarbage() {
  for (let left = COLLECTIONS; left > 0; left--) {
    runGc();
    await sleep(SETTLE_MS);
  }
}
