import type { HeldChannel } from '@nestwire/protocol';
import type { Position } from '@nestwire/messages';
import type { TicketSigner, TicketSubject } from './ticket.signer.js';

/** The most bytes that `hello` may spend on one channel. */
export const MAX_HELD_BYTES = 448;

/** Where a client stands in a channel, if its ticket proves it. */
export interface Held {
  /** Undefined when the ticket is not accepted. */
  readonly position: Position | undefined;
  /** Where it says that it stands, proven or not. */
  readonly claimed: Position;
}

/** The channels that flowed to a client before, and that it wants back. */
export class HeldChannels {
  // Made when it is needed: most connections are first ones.
  private channels: Map<string, HeldChannel> | undefined;

  constructor(private readonly tickets: TicketSigner) {}

  /** Writes down what a client has brought; the first `max` of it. */
  hold(held: readonly HeldChannel[] = [], max: number): void {
    if (!held.length) return;
    this.channels = new Map(held.slice(0, max).map((entry) => [keyOf(entry[0], entry[1]), entry]));
  }

  /** Returns the names of the channels that an endpoint's stream had. */
  namesOf(endpoint: string): string[] {
    const entries = [...(this.channels?.values() ?? [])];
    return entries.filter((entry) => entry[0] === endpoint).map((entry) => entry[1]);
  }

  /** Returns where a client says that it stands in a channel, proven or not. */
  claimOf(endpoint: string, channel: string): Position | undefined {
    const entry = this.channels?.get(keyOf(endpoint, channel));
    return entry && claimedBy(entry);
  }

  /** Tells whether a channel flowed to the client, and its ticket proves it. */
  isAccepted(subject: TicketSubject): boolean {
    const entry = this.channels?.get(keyOf(subject.endpoint, subject.channel));
    return entry !== undefined && this.tickets.accepts(entry[2], subject, claimedBy(entry));
  }

  /** Takes out what is known of a channel; undefined when it is none that the client had. */
  take(subject: TicketSubject): Held | undefined {
    const key = keyOf(subject.endpoint, subject.channel);
    const entry = this.channels?.get(key);
    if (!entry) return undefined;
    this.channels!.delete(key);
    const claimed = claimedBy(entry);
    return { claimed, position: this.tickets.accepts(entry[2], subject, claimed) ? claimed : undefined };
  }
}

function claimedBy([, , , epoch, offset, id]: HeldChannel): Position {
  return { epoch, offset, id };
}

function keyOf(endpoint: string, channel: string): string {
  // No name of a channel holds a space.
  return `${channel} ${endpoint}`;
}
