import type { HeldChannel } from '@nestwire/protocol';
import { isChannelName, requiredGeneration, type Position, type RevokedTokens } from '@nestwire/messages';
import type { TicketSigner } from './ticket.signer.js';
import { revocationSubject } from './token-revocations.js';

/** The generation of a ticket that is not accepted. */
const NONE = -1;

/** A place in the streams of a connection that a channel flows to. */
export interface HeldPlace {
  readonly endpoint: string;
  readonly channel: string;
}

/** Where a client stands in a channel, if its ticket proves it. */
export interface Held {
  /** Undefined when the ticket is not accepted. */
  position: Position | undefined;
  /** Where it says that it stands, proven or not. */
  readonly claimed: Position;
}

interface Entry extends HeldPlace, Held {
  /** Set when the client was told that the channel does not flow again. */
  isRefused?: boolean;
  /** The generation of the ticket. */
  readonly generation: number;
}

/** The channels that flowed to a client before, and that it wants back. */
export class HeldChannels {
  // Made when it is needed: most connections are first ones.
  private channels: Map<string, Entry> | undefined;

  constructor(private readonly tickets: TicketSigner) {}

  /** Writes down what a client has brought, and judges its tickets; what names no channel is dropped. */
  hold(holder: string, held: readonly HeldChannel[]): void {
    this.channels = new Map();
    for (const [endpoint, channel, ticket, epoch, offset, id] of held) {
      if (!isChannelName(channel)) continue;
      const claimed = { epoch, offset, id };
      const generation = this.tickets.accept(ticket, { holder, endpoint, channel }, claimed) ?? NONE;
      const position = generation === NONE ? undefined : claimed;
      this.channels.set(keyOf(endpoint, channel), { endpoint, channel, claimed, position, generation });
    }
  }

  /** Whether a ticket is accepted. */
  get hasProven(): boolean {
    for (const { position } of this.channels?.values() ?? []) if (position) return true;
    return false;
  }

  /** Accepts no ticket that the server has taken back; none at all where nobody can tell. */
  revoke(revoked: RevokedTokens | undefined): void {
    for (const entry of this.channels?.values() ?? [])
      if (!revoked || entry.generation < requiredGeneration(revoked, revocationSubject(entry)))
        entry.position = undefined;
  }

  /** Forgets all: it was of another identity. */
  clear(): void {
    this.channels = undefined;
  }

  /** Returns the names of the channels that an endpoint's stream had, as the client says. */
  namesOf(endpoint: string): string[] {
    return this.entriesOf(endpoint).map(({ channel }) => channel);
  }

  /** Returns the names of the channels that an endpoint's stream had, as tickets prove. */
  provenNamesOf(endpoint: string): string[] {
    return this.entriesOf(endpoint).flatMap(({ channel, position }) => (position ? [channel] : []));
  }

  /** Returns what is known of a channel; undefined when it is none that the client had. */
  find({ endpoint, channel }: HeldPlace): Held | undefined {
    return this.channels?.get(keyOf(endpoint, channel));
  }

  /** Notes that the client is told that a channel does not flow again; false when it was told before. */
  refuseOnce({ endpoint, channel }: HeldPlace): boolean {
    const entry = this.channels?.get(keyOf(endpoint, channel));
    if (!entry || entry.isRefused) return false;
    entry.isRefused = true;
    return true;
  }

  /** Takes out what is known of a channel; undefined when it is none that the client had. */
  take(place: HeldPlace): Held | undefined {
    const held = this.find(place);
    if (held) this.channels!.delete(keyOf(place.endpoint, place.channel));
    return held;
  }

  private entriesOf(endpoint: string): Entry[] {
    return [...(this.channels?.values() ?? [])].filter((entry) => entry.endpoint === endpoint);
  }
}

function keyOf(endpoint: string, channel: string): string {
  // No name of a channel holds a space.
  return `${channel} ${endpoint}`;
}
