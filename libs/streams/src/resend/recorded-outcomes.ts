import type { WireError } from '@nestwire/protocol';
import type { EncodedMessage, FramePayload } from '@nestwire/protocol/codec';

/** The end of a call with a single reply. */
export type CallOutcome =
  /** The frame of the reply, in one codec. */
  | { readonly reply: FramePayload; readonly subprotocol: string }
  /** The reply that another server stored; null without a message. */
  | { readonly stored: EncodedMessage | null }
  | { readonly error: WireError };

/** One recorded outcome. A reply is stored without an object of its own. */
interface Slot {
  id: number;
  bytes: number;
  reply: FramePayload | undefined;
  subprotocol: string;
  /** An outcome that is not a frame. */
  other: CallOutcome | undefined;
}

/**
 * The latest outcomes of one client's calls, the oldest first.
 *
 * Its slots are used again, so that an outcome leaves no garbage besides its reply.
 */
export class RecordedOutcomes {
  private readonly slots: Slot[] = [];
  private first = 0;
  private count = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** Adds an outcome of a size; there must be room. */
  add(id: number, outcome: CallOutcome, bytes: number): void {
    const slot = this.slotAt(this.count++);
    slot.id = id;
    slot.bytes = bytes;
    if ('reply' in outcome) {
      slot.reply = outcome.reply;
      slot.subprotocol = outcome.subprotocol;
    } else slot.other = outcome;
  }

  /** Returns the latest outcome of a call; undefined when none is recorded. */
  find(id: number): CallOutcome | undefined {
    for (let place = this.count - 1; place >= 0; place--) {
      const { id: recorded, reply, subprotocol, other } = this.slotAt(place);
      if (recorded === id) return reply === undefined ? other : { reply, subprotocol };
    }
    return undefined;
  }

  /** Removes the oldest outcome; returns its id and its size. There must be one. */
  removeOldest(): { readonly id: number; readonly bytes: number } {
    const slot = this.slotAt(0);
    this.first = (this.first + 1) % this.capacity;
    this.count--;
    slot.reply = slot.other = undefined;
    return slot;
  }

  private slotAt(place: number): Slot {
    return (this.slots[(this.first + place) % this.capacity] ??= {
      id: 0,
      bytes: 0,
      reply: undefined,
      subprotocol: '',
      other: undefined,
    });
  }
}
