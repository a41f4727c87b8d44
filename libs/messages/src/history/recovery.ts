import type { StreamGapReason } from '@nestwire/protocol';
import { isSamePosition, type Link, type Position } from './position.js';

/** What a history holds behind a position, as it was read in one step. */
export interface HistoryPage<L extends Link = Link> {
  /** The last message of the history, or its beginning. */
  readonly head: Position;
  /** The messages behind the position, oldest first, as far as the history holds and the limits let it. */
  readonly messages: readonly L[];
  /** Whether the limits cut the messages off before the top. */
  readonly isCut: boolean;
}

/**
 * Decides whether a history continues a position; the heart of recovery.
 *
 * Each message names the one before it, so one comparison at the join proves that both are of the
 * same branch: the first message vouches for the position, each other for the one before.
 *
 * @returns undefined when it does, without a hole up to the top or to where the page was cut off; else
 *   why it does not
 */
export function gapBehind(
  since: Position,
  { head, messages, isCut }: HistoryPage,
): StreamGapReason | undefined {
  if (head.epoch !== since.epoch) return 'epoch-changed';
  const [first] = messages;
  if (!first) return gapWithoutMessages(since, head);
  if (first.offset > since.offset + 1) return 'trimmed';
  if (!isChain(since, messages)) return 'diverged';
  // What was cut off is behind the next page.
  if (isCut) return undefined;
  return isSamePosition(messages.at(-1)!, head) ? undefined : 'trimmed';
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
