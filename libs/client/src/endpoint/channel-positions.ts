import type {
  ResumePosition,
  PositionFrame,
  PublicationFrame,
  SubscribedFrame,
  WirePosition,
} from '@nestwire/protocol/codec';
import { MAX_IDS } from '../limits.js';

/** A recoverable channel, and the client's position in it. */
interface Held {
  resumeToken?: string;
  position: WirePosition;
  /** The ids of the last messages: after a change of branch one may come again. */
  readonly ids: Set<string>;
  /** The position in the last `hello`. */
  told?: WirePosition;
  /** The position in the `hello` to the present server, until that server has caught up with the former one. */
  floor?: WirePosition;
  /** The same of the server that is being left. */
  oldFloor?: WirePosition;
}

/** The type of the message that says that messages are missing. */
export const GAP = 'nestwire.gap';

/** In a position, the id of no message. */
const NOWHERE = '~';

/** The client's positions in the channels of a stream, over all connections. */
export class ChannelPositions extends Map<string, Held> {
  /** Whether the present server cannot lead on from what was had: it has to be told by a new `hello`. */
  isDiverged = false;

  /** Takes a position or a resume token from the server. */
  place({ t, channel, resumeToken, position }: SubscribedFrame | PositionFrame): void {
    if (!resumeToken) return;
    const held = this.#hold(channel);
    held.resumeToken = resumeToken;
    if (t === 'position' && position) this.restart(channel);
    if (position && !isBehind(held, position)) held.position = position;
  }

  /** Takes a channel that the former server has subscribed, unless it is had already. */
  placeNew(frame: SubscribedFrame): void {
    if (!this.get(frame.channel)?.resumeToken) this.place(frame);
  }

  /**
   * Takes it that a snapshot of the present server comes, in place of all that was had.
   *
   * What the former server sent meanwhile may not be in it, and has to come again. Until its position comes,
   * no history leads on from the place that is held: so a server that is asked for more sends the snapshot anew.
   */
  restart(channel: string): void {
    const held = this.get(channel);
    if (!held) return;
    const [epoch, offset] = held.position;
    held.position = [epoch, offset, NOWHERE];
    held.floor = undefined;
    held.ids.clear();
  }

  /** Moves on to the position of a message; returns whether the message is new. */
  advance({ channel, epoch, offset, id, type }: PublicationFrame, old?: unknown): boolean {
    if (id === undefined) return true;
    const held = this.#hold(channel);
    const { ids, position } = held;
    const [lastEpoch, lastOffset, lastId] = position;
    const isGap = type === GAP;
    // Only the newest matters where each frame names its epoch: after a restore that may be an older one.
    const isLatest = epoch !== undefined && !isGap;
    // Its snapshot broke off: what follows the place before stands on nothing.
    const isHalf = lastId === NOWHERE;
    const next = [epoch ?? lastEpoch, offset!, id] as const;
    // Stored again behind another past, a message has another place.
    const message = id.split('~')[0]!;
    if (isGap) held.floor = old ? held.floor : undefined;
    else if (isHalf || isBehind(held, next, old)) {
      // The former server gave all messages up to the position, and this one was not among them.
      this.isDiverged ||= isHalf || !(isLatest || old || ids.has(message));
      return false;
    } else if (isLatest ? id === lastId : offset! <= lastOffset) return false;
    held.position = next;
    // What a gap names was not had: it may still come, behind a place before it.
    if (isGap) return true;
    if (!isLatest && ids.has(message)) return false;
    ids.add(message);
    if (ids.size > MAX_IDS) ids.delete([...ids][0]!);
    return true;
  }

  /** Another server takes over; it knows the positions in its `hello`, and the former one still sends. */
  moved(): void {
    this.forEach((held) => {
      held.oldFloor = held.floor;
      held.floor = held.told;
    });
  }

  /** No server sends any more. */
  lost(): void {
    this.isDiverged = false;
    this.forEach((held) => (held.floor = held.oldFloor = undefined));
  }

  /** Returns whether the former server led further in a channel than the present one has yet. */
  isBehind(channel: string): boolean {
    const { floor, position } = this.get(channel)!;
    return floor !== undefined && floor !== position;
  }

  /** Returns whether the former server subscribed a channel after the last `hello`. */
  isUntold(channel: string): boolean {
    const { resumeToken, told } = this.get(channel)!;
    return !!resumeToken && !told;
  }

  /** Returns what the next connection begins with. */
  of(endpoint: string): ResumePosition[] {
    return [...this].flatMap(([channel, held]) => {
      const { resumeToken, position } = held;
      held.told = position;
      return resumeToken ? [[endpoint, channel, resumeToken, ...position] as const] : [];
    });
  }

  #hold(channel: string): Held {
    const held = this.get(channel) ?? { position: ['', 0, ''], ids: new Set<string>() };
    this.set(channel, held);
    return held;
  }
}

/**
 * Returns whether a server is behind the client's position, because another one led further after `hello`.
 *
 * A place before the position in `hello` is not behind: the server has compared that with the history.
 */
function isBehind(held: Held, [epoch, offset, id]: WirePosition, old?: unknown): boolean {
  const floor = old ? held.oldFloor : held.floor;
  if (!floor) return false;
  const [lastEpoch, lastOffset, lastId] = held.position;
  const isBehind =
    epoch === lastEpoch
      ? offset <= lastOffset && (epoch !== floor[0] || offset > floor[1] || id === floor[2])
      : epoch === floor[0];
  if (!isBehind || id === lastId) held[old ? 'oldFloor' : 'floor'] = undefined;
  return isBehind;
}
