import type { StreamGapReason } from '@nestwire/protocol';
import { isSamePosition, type Link, type Position } from './position.js';

/** The messages of a history after a position, read in one step. */
export interface HistoryPage<L extends Link = Link> {
  /** The position of the newest message; the start of the epoch when there is none. */
  readonly head: Position;
  /** The messages after the position, oldest first, within the history and the limits. */
  readonly messages: readonly L[];
  /** True when the limits cut the page off before the head. */
  readonly isCut: boolean;
}

/**
 * Checks that a page of a history continues a position.
 *
 * Each message contains the id of its predecessor. So the first message proves that the position belongs to the
 * same timeline, and each further message proves it for the one before.
 *
 * @returns undefined when the page continues the position without a gap, up to the head or to its cut;
 *   otherwise the reason of the gap
 */
export function gapBehind(
  since: Position,
  { head, messages, isCut }: HistoryPage,
): StreamGapReason | undefined {
  if (head.epoch !== since.epoch) return 'epoch-changed';
  const [first, last] = [messages[0], messages.at(-1)];
  if (!first || !last) return gapWithoutMessages(since, head);
  if (first.offset > since.offset + 1) return 'trimmed';
  if (!isChain(since, messages)) return 'diverged';
  // The next page continues after the cut.
  if (isCut) return undefined;
  return isSamePosition(last, head) ? undefined : 'trimmed';
}

function gapWithoutMessages(since: Position, head: Position): StreamGapReason | undefined {
  if (isSamePosition(since, head)) return undefined;
  return head.offset > since.offset ? 'trimmed' : 'diverged';
}

function isChain(since: Position, messages: readonly Link[]): boolean {
  let last = since;
  for (const message of messages) {
    if (message.epoch !== last.epoch || message.offset !== last.offset + 1 || message.previousId !== last.id)
      return false;
    last = message;
  }
  return true;
}
