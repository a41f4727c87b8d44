import type {
  ResumePosition,
  PositionFrame,
  PublicationFrame,
  SubscribedFrame,
  WirePosition,
} from '@nestwire/protocol/codec';
import { MAX_IDS } from '../limits.js';

/** The client's position in one recoverable channel. */
interface ChannelPosition {
  resumeToken?: string;
  position: WirePosition;
  /** The ids of the last messages. After a change of timeline, the server may send a message a second time. */
  readonly ids: Set<string>;
  /** The position that the last `hello` contained. */
  sent?: WirePosition;
  /** The position in the `hello` to the current server, until that server has caught up with the former one. */
  floor?: WirePosition;
  /** The same position for the former server. */
  oldFloor?: WirePosition;
}

/** The type of the message that reports missing messages. */
export const GAP = 'nestwire.gap';

/** A position with this id belongs to no message. */
const NO_MESSAGE = '~';

/** The client's positions in the channels of one stream; they outlive connections. */
export class ChannelPositions extends Map<string, ChannelPosition> {
  /** Whether the current server cannot continue from the client's position: it needs a new `hello`. */
  isDiverged = false;

  /** Stores a position or a resume token from the server. */
  update({ t, channel, resumeToken, position }: SubscribedFrame | PositionFrame): void {
    if (!resumeToken) return;
    const state = this.#stateOf(channel);
    state.resumeToken = resumeToken;
    if (t === 'position' && position) this.restart(channel);
    if (position && !isBehind(state, position)) state.position = position;
  }

  /** Stores a subscription that the former server has made, unless the channel is known. */
  add(frame: SubscribedFrame): void {
    if (!this.get(frame.channel)?.resumeToken) this.update(frame);
  }

  /**
   * Prepares for a snapshot of the current server, which replaces all earlier messages of the channel.
   *
   * The snapshot may lack messages that the former server sent in the meantime, so their ids are forgotten.
   * Until the snapshot's position arrives, the stored position matches no history. A server that gets it in
   * a `hello` sends the snapshot again.
   */
  restart(channel: string): void {
    const state = this.get(channel);
    if (!state) return;
    const [epoch, offset] = state.position;
    state.position = [epoch, offset, NO_MESSAGE];
    state.floor = undefined;
    state.ids.clear();
  }

  /** Moves to the position of a message; returns whether the message is new. */
  advance({ channel, epoch, offset, id, type }: PublicationFrame, old?: unknown): boolean {
    if (id === undefined) return true;
    const state = this.#stateOf(channel);
    const { ids, position } = state;
    const [lastEpoch, lastOffset, lastId] = position;
    const isGap = type === GAP;
    // A channel that keeps only the newest message names the epoch in each frame. A restore may lead to an older epoch.
    const isLatest = epoch !== undefined && !isGap;
    // The snapshot is incomplete, so a later message has no base.
    const isHalf = lastId === NO_MESSAGE;
    const next = [epoch ?? lastEpoch, offset!, id] as const;
    // A message that is stored again on another timeline keeps this part of its id.
    const message = id.split('~')[0]!;
    if (isGap) state.floor = old ? state.floor : undefined;
    else if (isHalf || isBehind(state, next, old)) {
      // The former server sent all messages up to the position, and this one was not among them.
      this.isDiverged ||= isHalf || !(isLatest || old || ids.has(message));
      return false;
    } else if (isLatest ? id === lastId : offset! <= lastOffset) return false;
    state.position = next;
    // The client has not received the messages of a gap. They may still arrive, so their ids are not stored.
    if (isGap) return true;
    if (!isLatest && ids.has(message)) return false;
    ids.add(message);
    if (ids.size > MAX_IDS) ids.delete([...ids][0]!);
    return true;
  }

  /** Records a handover: the next server knows the positions of its `hello`, and the former one still sends. */
  moved(): void {
    this.forEach((state) => {
      state.oldFloor = state.floor;
      state.floor = state.sent;
    });
  }

  /** Records that no server sends any more. */
  lost(): void {
    this.isDiverged = false;
    this.forEach((state) => (state.floor = state.oldFloor = undefined));
  }

  /** Returns whether the current server has not yet caught up with the former one in a channel. */
  isBehind(channel: string): boolean {
    const { floor, position } = this.get(channel)!;
    return floor !== undefined && floor !== position;
  }

  /** Returns whether the former server subscribed a channel after the last `hello`. */
  isUnsent(channel: string): boolean {
    const { resumeToken, sent } = this.get(channel)!;
    return !!resumeToken && !sent;
  }

  /** Returns the positions for the next `hello`, and records them as sent. */
  toResume(endpoint: string): ResumePosition[] {
    return [...this].flatMap(([channel, state]) => {
      const { resumeToken, position } = state;
      state.sent = position;
      return resumeToken ? [[endpoint, channel, resumeToken, ...position] as const] : [];
    });
  }

  #stateOf(channel: string): ChannelPosition {
    const state = this.get(channel) ?? { position: ['', 0, ''], ids: new Set<string>() };
    this.set(channel, state);
    return state;
  }
}

/**
 * Returns whether a server is behind the client's position, because the former server sent more after `hello`.
 *
 * A position before the one in `hello` is not behind: the server has compared that one with the history.
 */
function isBehind(state: ChannelPosition, [epoch, offset, id]: WirePosition, old?: unknown): boolean {
  const floor = old ? state.oldFloor : state.floor;
  if (!floor) return false;
  const [lastEpoch, lastOffset, lastId] = state.position;
  const isBehind =
    epoch === lastEpoch
      ? offset <= lastOffset && (epoch !== floor[0] || offset > floor[1] || id === floor[2])
      : epoch === floor[0];
  if (!isBehind || id === lastId) state[old ? 'oldFloor' : 'floor'] = undefined;
  return isBehind;
}
