import type { Link, Position } from './position.js';

/**
 * The relation of a live message to the position of a follower.
 *
 * `next`: it follows the position. `duplicate`: it is at the position or before. `break`: messages are missing,
 * or the history has another timeline; a read of the history shows which.
 */
export type LiveVerdict = 'next' | 'duplicate' | 'break';

/** Compares a live message with the position of a follower. */
export function classifyLive(position: Position, message: Link): LiveVerdict {
  if (message.epoch !== position.epoch) return 'break';
  if (message.offset === position.offset + 1) return message.previousId === position.id ? 'next' : 'break';
  if (message.offset < position.offset) return 'duplicate';
  return message.offset === position.offset && message.id === position.id ? 'duplicate' : 'break';
}
