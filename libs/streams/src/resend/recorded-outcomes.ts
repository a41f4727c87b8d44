import type { WireError } from '@nestwire/protocol';
import type { EncodedMessage, FramePayload } from '@nestwire/protocol/codec';
import { ReplyRing } from './reply-ring.js';

/** The end of a call with a single reply. */
export type CallOutcome =
  /** The frame of the reply, in one codec. */
  | { readonly reply: FramePayload; readonly subprotocol: string }
  /** The reply that another server stored; null without a message. */
  | { readonly stored: EncodedMessage | null }
  | { readonly error: WireError };

/**
 * The latest outcomes of one client's calls, the oldest first.
 *
 * An outcome with a reply leaves no object: its numbers are in slots that are used again, its frame in a ring.
 */
export class RecordedOutcomes {
  // The slots are used one after the other, so the lists grow without holes.
  private readonly ids: number[] = [];
  private readonly sizes: number[] = [];
  /** The subprotocols of the replies; undefined for other outcomes. */
  private readonly subprotocols: Array<string | undefined> = [];
  /** The outcomes that are not frames. */
  private readonly others: Array<CallOutcome | undefined> = [];
  private readonly replies: ReplyRing;
  private first = 0;
  private count = 0;

  constructor(private readonly capacity: number) {
    this.replies = new ReplyRing(capacity);
  }

  get size(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** Adds an outcome of a size; there must be room. */
  add(id: number, outcome: CallOutcome, bytes: number): void {
    const slot = this.slotAt(this.count++);
    this.ids[slot] = id;
    this.sizes[slot] = bytes;
    const isReply = 'reply' in outcome;
    this.subprotocols[slot] = isReply ? outcome.subprotocol : undefined;
    this.others[slot] = isReply ? undefined : outcome;
    if (isReply) this.replies.add(slot, outcome.reply, this.first);
  }

  /** Returns the latest outcome of a call; undefined when none is recorded. */
  find(id: number): CallOutcome | undefined {
    for (let place = this.count - 1; place >= 0; place--) {
      const slot = this.slotAt(place);
      if (this.ids[slot] !== id) continue;
      const subprotocol = this.subprotocols[slot];
      return subprotocol === undefined ? this.others[slot] : { reply: this.replies.read(slot), subprotocol };
    }
    return undefined;
  }

  /** The id of the oldest outcome; there must be one. */
  get oldestId(): number {
    return this.ids[this.first]!;
  }

  /** Removes the oldest outcome; returns its size. There must be one. */
  removeOldest(): number {
    const slot = this.first;
    this.first = this.slotAt(1);
    this.count--;
    this.replies.remove(slot);
    this.subprotocols[slot] = this.others[slot] = undefined;
    return this.sizes[slot]!;
  }

  private slotAt(place: number): number {
    const slot = this.first + place;
    return slot < this.capacity ? slot : slot - this.capacity;
  }
}
