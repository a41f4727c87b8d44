import type { ResumePosition } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import { requiredGeneration, type RevokedTokens } from '@nestwire/messages/backend';
import { isChannelName } from '@nestwire/messages/internal';
import type { ResumeTokenSigner } from './resume-token-signer.js';
import { revocationSubject } from '../auth/token-revocations.js';

/** The generation of a resume token that is not accepted. */
const NOT_ACCEPTED = -1;

/** A place in the streams of a connection that a channel flows to. */
export interface StreamChannel {
  readonly endpoint: string;
  readonly channel: string;
}

/** Where a client stands in a channel, if its resume token proves it. */
export interface ResumeEntry {
  /** Undefined when the resume token is not accepted. */
  position: Position | undefined;
  /** Where it says that it stands, proven or not. */
  readonly claimed: Position;
}

interface StoredEntry extends StreamChannel, ResumeEntry {
  /** Set when the client was told that the channel does not flow again. */
  isRefused?: boolean;
  /** The generation of the resume token. */
  readonly generation: number;
}

/** The channels that flowed to a client before, and that it wants back. */
export class ResumePositions {
  // Made when it is needed: most connections are first ones.
  private entries: Map<string, StoredEntry> | undefined;

  constructor(private readonly resumeTokens: ResumeTokenSigner) {}

  /** Writes down what a client has brought, and judges its resume tokens; what names no channel is dropped. */
  accept(holder: string, positions: readonly ResumePosition[]): void {
    this.entries = new Map();
    for (const [endpoint, channel, resumeToken, epoch, offset, id] of positions) {
      if (!isChannelName(channel)) continue;
      const claimed = { epoch, offset, id };
      const generation =
        this.resumeTokens.accept(resumeToken, { holder, endpoint, channel }, claimed) ?? NOT_ACCEPTED;
      const position = generation === NOT_ACCEPTED ? undefined : claimed;
      this.entries.set(keyOf(endpoint, channel), { endpoint, channel, claimed, position, generation });
    }
  }

  /** Whether a resume token is accepted. */
  get hasProven(): boolean {
    for (const { position } of this.entries?.values() ?? []) if (position) return true;
    return false;
  }

  /** Accepts no resume token that the server has taken back; none at all where nobody can tell. */
  revoke(revoked: RevokedTokens | undefined): void {
    for (const entry of this.entries?.values() ?? [])
      if (!revoked || entry.generation < requiredGeneration(revoked, revocationSubject(entry)))
        entry.position = undefined;
  }

  /** Forgets all: it was of another identity. */
  clear(): void {
    this.entries = undefined;
  }

  /** Returns the names of the channels that an endpoint's stream had, as the client says. */
  namesOf(endpoint: string): string[] {
    return this.entriesOf(endpoint).map(({ channel }) => channel);
  }

  /** Returns the names of the channels that an endpoint's stream had, as resume tokens prove. */
  provenNamesOf(endpoint: string): string[] {
    return this.entriesOf(endpoint).flatMap(({ channel, position }) => (position ? [channel] : []));
  }

  /** Returns what is known of a channel; undefined when it is none that the client had. */
  find({ endpoint, channel }: StreamChannel): ResumeEntry | undefined {
    return this.entries?.get(keyOf(endpoint, channel));
  }

  /** Notes that the client is told that a channel does not flow again; false when it was told before. */
  refuseOnce({ endpoint, channel }: StreamChannel): boolean {
    const entry = this.entries?.get(keyOf(endpoint, channel));
    if (!entry || entry.isRefused) return false;
    entry.isRefused = true;
    return true;
  }

  /** Takes out what is known of a channel; undefined when it is none that the client had. */
  take(stream: StreamChannel): ResumeEntry | undefined {
    const entry = this.find(stream);
    if (entry) this.entries!.delete(keyOf(stream.endpoint, stream.channel));
    return entry;
  }

  private entriesOf(endpoint: string): StoredEntry[] {
    return [...(this.entries?.values() ?? [])].filter((entry) => entry.endpoint === endpoint);
  }
}

function keyOf(endpoint: string, channel: string): string {
  // No name of a channel holds a space.
  return `${channel} ${endpoint}`;
}
