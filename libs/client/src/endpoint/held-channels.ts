import type {
  HeldChannel,
  PositionFrame,
  PublicationFrame,
  SubscribedFrame,
  WirePosition,
} from '@nestwire/protocol';
import { MAX_IDS } from '../limits.js';

/** A channel that keeps its messages, and up to where this client has got them. */
interface Held {
  ticket?: string;
  position: WirePosition;
  /** The ids of the last messages: after a change of branch one may come again. */
  readonly ids: Set<string>;
}

const GAP = 'nestwire.gap';

/** Where one endpoint's stream stands in its channels; outlives the connection. */
export class HeldChannels extends Map<string, Held> {
  /** Takes what the server says about a place. */
  place({ channel, ticket, position }: SubscribedFrame | PositionFrame): void {
    if (ticket) Object.assign(this.#hold(channel), { ticket }, position && { position });
  }

  /** Moves on to the place of a message; tells whether it was not had yet. */
  advance({ channel, epoch, offset, id, type }: PublicationFrame): boolean {
    if (id === undefined) return true;
    const held = this.#hold(channel);
    const { ids, position } = held;
    const [lastEpoch, lastOffset, lastId] = position;
    const isGap = type === GAP;
    // Only the newest matters where each frame names its epoch: after a restore that may be an older one.
    const isLatest = epoch !== undefined && !isGap;
    if (isLatest ? id === lastId : !isGap && offset! <= lastOffset) return false;
    held.position = [epoch ?? lastEpoch, offset!, id];
    // What a gap names was not had: it may still come, behind a place before it.
    if (isGap) return true;
    // Stored again behind another past, a message has another place.
    const message = id.split('~')[0]!;
    if (!isLatest && ids.has(message)) return false;
    ids.add(message);
    if (ids.size > MAX_IDS) ids.delete([...ids][0]!);
    return true;
  }

  /** Returns what the next connection begins with. */
  of(endpoint: string): HeldChannel[] {
    return [...this].flatMap(([channel, { ticket, position }]) =>
      ticket ? [[endpoint, channel, ticket, ...position] as const] : [],
    );
  }

  #hold(channel: string): Held {
    const held = this.get(channel) ?? { position: ['', 0, ''], ids: new Set<string>() };
    this.set(channel, held);
    return held;
  }
}
