import type { Link, Position } from './position.js';

/**
 * What a reader does with a message that arrives live.
 *
 * `next`: it is the one that follows. `duplicate`: it was there already. `break`: messages are missing,
 * or the history has another branch; only a read of the history tells.
 */
export type LiveVerdict = 'next' | 'duplicate' | 'break';

/** Judges a live message by the position of its reader. */
export function classifyLive(position: Position, message: Link): LiveVerdict {
  if (message.epoch !== position.epoch) return 'break';
  if (message.offset === position.offset + 1) return message.previousId === position.id ? 'next' : 'break';
  if (message.offset < position.offset) return 'duplicate';
  return message.offset === position.offset && message.id === position.id ? 'duplicate' : 'break';
}
