import type {
  ResumePosition,
  PositionFrame,
  PublicationFrame,
  SubscribedFrame,
  WireParams,
  WirePosition,
} from '@nestwire/protocol/codec';
import { MAX_IDS } from '../limits.js';

/**
 * The client's position in one recoverable channel.
 *
 * In a handover only one server moves it: the former one, until the current one has caught up.
 */
interface ChannelPosition {
  resumeToken?: string;
  position: WirePosition;
  /** The ids of the last messages. After a change of timeline, the server may send a message a second time. */
  readonly ids: Set<string>;
  /** The position that the last `hello` contained. */
  sent?: WirePosition;
  /** The position that the current server continues from, until it has caught up with the former one. */
  floor?: WirePosition;
  /** The same position for the former server. */
  oldFloor?: WirePosition;
  /** True when messages of the former server are ignored. */
  ignoresOld?: boolean;
}

/** The type of the message that reports missing messages. */
export const GAP = 'nestwire.gap';

/** A position with this id belongs to no message. */
const NO_MESSAGE = '~';

/** The client's positions in the channels of one stream; they outlive connections. */
export class ChannelPositions extends Map<string, ChannelPosition> {
  /** True when the current server cannot continue from the client's position, so that it needs a new `hello`. */
  isDiverged = false;

  /** Stores a position or a resume token from the current server. */
  update({ t, channel, resumeToken, position }: SubscribedFrame | PositionFrame): void {
    if (!resumeToken) return;
    const state = this.#stateOf(channel);
    const { floor } = state;
    if (position && floor && differ(position, state.position)) {
      // A server at another position would skip the messages in between.
      if (!isBehind(state, position, floor)) this.isDiverged = true;
      // The token of the former server also opens the positions before this one.
      state.resumeToken ??= resumeToken;
      return;
    }
    state.resumeToken = resumeToken;
    if (!position) return;
    if (t === 'position') this.restart(channel);
    state.position = position;
    caughtUp(state);
  }

  /** Stores a subscription that the former server has made, unless the channel is known. */
  add({ channel, resumeToken, position }: SubscribedFrame): void {
    if (!resumeToken || this.get(channel)?.resumeToken) return;
    const state = this.#stateOf(channel);
    const [epoch, offset, id] = position!;
    state.resumeToken = resumeToken;
    state.floor = state.position = [epoch, offset, state.position[2] === NO_MESSAGE ? NO_MESSAGE : id];
  }

  /**
   * Prepares for a snapshot of the current server, which replaces all earlier messages of the channel.
   *
   * The snapshot may lack messages that the former server sent in the meantime, so their ids are forgotten.
   * Until the snapshot's position arrives, the stored position matches no history. A server that gets it in
   * a `hello` sends the snapshot again.
   */
  restart(channel: string): void {
    const state = this.#stateOf(channel);
    const [epoch, offset] = state.position;
    state.position = [epoch, offset, NO_MESSAGE];
    state.ids.clear();
    caughtUp(state);
  }

  /**
   * Ignores a snapshot of the former server, and the messages that follow it there.
   *
   * The current server continues from the client's position, and the snapshot could undo its messages. The
   * position of an unknown channel becomes that of `restart`: the next `hello` asks for another snapshot.
   */
  skip(channel: string): void {
    const state = this.#stateOf(channel);
    if (!state.resumeToken) this.restart(channel);
    state.ignoresOld = true;
  }

  /** Moves to the position of a message; returns true when the message is new. */
  advance({ channel, epoch, offset, id, type }: PublicationFrame, old?: unknown): boolean {
    if (id === undefined) return true;
    const state = this.#stateOf(channel);
    const { ids, position, floor, oldFloor } = state;
    if (old && state.ignoresOld) return false;
    const [, lastOffset, lastId] = position;
    const base = old ? oldFloor : floor;
    const isGap = type === GAP;
    // The frames of a channel with `latest` name the epoch, because a restore may lead to an older one.
    const isLatest = epoch !== undefined && !isGap;
    // The snapshot is incomplete, so a later message has no base.
    const isHalf = lastId === NO_MESSAGE;
    const next = [epoch ?? (base ?? position)[0], offset!, id] as const;
    // A message that is stored again on another timeline keeps this part of its id.
    const message = id.split('~')[0]!;
    if (!isGap && (isHalf || (base && differ(base, position) && id !== lastId))) {
      const behind = base && isBehind(state, next, base);
      if (isHalf || !(isLatest || (behind && ids.has(message)))) {
        // This server has not sent all messages up to the position, so what follows here is no continuation.
        if (old) state.ignoresOld = true;
        else this.isDiverged = true;
        return false;
      }
      if (behind) return false;
    }
    if (old) {
      state.oldFloor = undefined;
      state.floor ??= position;
    } else caughtUp(state);
    if (!isGap && (isLatest ? id === lastId : offset! <= lastOffset)) return false;
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
      state.floor = state.sent ?? state.position;
      state.ignoresOld = false;
    });
  }

  /** Records that no server sends any more. */
  lost(): void {
    this.isDiverged = false;
    this.forEach((state) => (state.floor = state.oldFloor = state.ignoresOld = undefined));
  }

  /** Returns true until the current server has caught up with the former one in a channel. */
  isBehind(channel: string): boolean {
    const { floor, position } = this.get(channel)!;
    return !!floor && differ(floor, position);
  }

  /** Returns true when the former server subscribed a channel after the last `hello`. */
  isUnsent(channel: string): boolean {
    const { resumeToken, sent } = this.get(channel)!;
    return !!resumeToken && !sent;
  }

  /** Returns the positions for the next `hello`, and records them as sent. */
  toResume(endpoint: string, params?: WireParams): ResumePosition[] {
    return [...this].flatMap(([channel, state]) => {
      const { resumeToken, position } = state;
      if (!resumeToken) return [];
      state.sent = position;
      const entry = [endpoint, channel, resumeToken, ...position] as const;
      return [params ? ([...entry, params] as const) : entry];
    });
  }

  #stateOf(channel: string): ChannelPosition {
    const state = this.get(channel) ?? { position: ['', 0, ''], ids: new Set<string>() };
    this.set(channel, state);
    return state;
  }
}

/** Records that the current server continues from the client's position: the former one is ignored from now on. */
function caughtUp(state: ChannelPosition): void {
  state.floor = undefined;
  state.ignoresOld = true;
}

function differ(one: WirePosition, other: WirePosition): boolean {
  return `${one}` !== `${other}`;
}

/**
 * Returns true when a server that continues from `floor` is behind the client's position.
 *
 * A position before the floor is not behind: the server has compared the floor with the history.
 */
function isBehind(
  { position: [lastEpoch, lastOffset] }: ChannelPosition,
  [epoch, offset, id]: WirePosition,
  floor: WirePosition,
): boolean {
  return epoch === lastEpoch
    ? offset <= lastOffset && (epoch !== floor[0] || offset > floor[1] || id === floor[2])
    : epoch === floor[0];
}
