import { randomFrom } from '../faults/random.mjs';

/** Prime, so that the clients of neighbouring seeds differ. */
const CLIENT_STEP = 7_919;

/**
 * When each client's network goes and comes back, from a seed: the same for every peer.
 *
 * @typedef {{ cutAtMs: number, healAtMs: number }} Outage
 * @param {{ seed: number, clients: number, durationMs: number, upMs: number, downMs: readonly [number, number] }} plan
 *   `upMs` is the mean of the time between two outages, `downMs` the bounds of how long one lasts
 * @returns {Outage[][]}
 */
export function scheduleOf({ seed, clients, durationMs, upMs, downMs: [least, most] }) {
  return Array.from({ length: clients }, (_, client) => {
    const random = randomFrom(seed + client * CLIENT_STEP);
    const outages = [];
    for (let atMs = 0; ;) {
      const cutAtMs = atMs - Math.log(1 - random()) * upMs;
      atMs = cutAtMs + least + random() * (most - least);
      if (atMs > durationMs) return outages;
      outages.push({ cutAtMs, healAtMs: atMs });
    }
  });
}
