import type { RawSocket } from './raw-socket.js';

const PINGS = 5;

/** Returns the number of pings that a client got. */
export function pingsOf({ frames }: RawSocket): number {
  return frames.filter(({ t }) => t === 'ping').length;
}

/** Answers the next five pings; none may come before the previous one is answered. */
export async function answerFivePings(raw: RawSocket): Promise<void> {
  for (let count = 1; count <= PINGS; count++) {
    await raw.until(() => pingsOf(raw) >= count);
    expect(pingsOf(raw)).toBe(count);
    raw.sendJson({ t: 'pong' });
  }
}
