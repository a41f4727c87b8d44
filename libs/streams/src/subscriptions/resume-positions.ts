import type { ResumePosition, WireParams } from '@nestwire/protocol/codec';
import type { Position } from '@nestwire/messages';
import { isChannelName } from '@nestwire/messages/internal';
import { canonicalParams } from '../endpoint/stream-params.js';
import type { ResumeTokenSigner } from './resume-token-signer.js';
import type { RequiredGenerations } from './connection-resume-tokens.js';

/** The generation of a resume token that is not accepted. */
const NOT_ACCEPTED = -1;

/** The stream of an endpoint, as its resume tokens name it. */
export interface ResumedStream {
  readonly endpoint: string;
  /** The canonical text of the parameters; empty without parameters. */
  readonly paramsText: string;
}

/** A channel in a stream. */
export interface StreamChannel extends ResumedStream {
  readonly channel: string;
}

/** The position of a client in a channel, if its resume token is valid. */
export interface ResumeEntry {
  /** The proven position; undefined when the resume token is not accepted. */
  position: Position | undefined;
  /** The position that the client sent, proven or not. */
  readonly claimed: Position;
}

interface StoredEntry extends StreamChannel, ResumeEntry {
  /** True once the client was told that the channel is not resumed. */
  isRefused?: boolean;
  /** The generation of the resume token. */
  readonly generation: number;
}

/** The channels that a client resumes, with their positions. */
export class ResumePositions {
  // Created on demand, because most connections resume nothing.
  private entries: Map<string, StoredEntry> | undefined;

  constructor(private readonly resumeTokens: ResumeTokenSigner) {}

  /** Stores the positions of a client and checks their resume tokens; drops invalid names and parameters. */
  accept(holder: string, positions: readonly ResumePosition[]): void {
    this.entries = new Map();
    for (const [endpoint, channel, resumeToken, epoch, offset, id, params] of positions) {
      const text = params && textOf(params);
      if (!isChannelName(channel) || (params && text === undefined)) continue;
      const stream = { endpoint, paramsText: text ?? '', channel };
      const claimed = { epoch, offset, id };
      const generation =
        this.resumeTokens.accept(resumeToken, { holder, ...stream }, claimed) ?? NOT_ACCEPTED;
      const position = generation === NOT_ACCEPTED ? undefined : claimed;
      this.entries.set(keyOf(stream), { ...stream, claimed, position, generation });
    }
  }

  /** The endpoints with an accepted resume token. */
  get provenEndpoints(): ReadonlySet<string> {
    const entries = [...(this.entries?.values() ?? [])];
    return new Set(entries.flatMap(({ endpoint, position }) => (position ? [endpoint] : [])));
  }

  /** Rejects the revoked resume tokens; rejects all when the revocations are unknown. */
  revoke(required: RequiredGenerations | undefined): void {
    for (const entry of this.entries?.values() ?? [])
      if (!required || entry.generation < required(entry)) entry.position = undefined;
  }

  /** Rejects the positions of streams for which the function returns true. */
  refuse(isRefused: (stream: ResumedStream) => boolean): void {
    for (const entry of this.entries?.values() ?? []) if (isRefused(entry)) entry.position = undefined;
  }

  /** Removes all positions, because they belong to another identity. */
  clear(): void {
    this.entries = undefined;
  }

  /** Returns the channels of a stream that the client sent. */
  namesOf(stream: ResumedStream): string[] {
    return this.entriesOf(stream).map(({ channel }) => channel);
  }

  /** Returns the channels of a stream with an accepted resume token. */
  provenNamesOf(stream: ResumedStream): string[] {
    return this.entriesOf(stream).flatMap(({ channel, position }) => (position ? [channel] : []));
  }

  /** Returns the entry of a channel; undefined when the client did not send it. */
  find(stream: StreamChannel): ResumeEntry | undefined {
    return this.entries?.get(keyOf(stream));
  }

  /** Records that the client is told of a refused channel; returns its position, once. */
  refuseOnce(stream: StreamChannel): Position | undefined {
    const entry = this.entries?.get(keyOf(stream));
    if (!entry || entry.isRefused) return undefined;
    entry.isRefused = true;
    return entry.claimed;
  }

  /** Removes and returns the entry of a channel; undefined when the client did not send it. */
  take(stream: StreamChannel): ResumeEntry | undefined {
    const entry = this.find(stream);
    this.entries?.delete(keyOf(stream));
    return entry;
  }

  private entriesOf({ endpoint, paramsText }: ResumedStream): StoredEntry[] {
    return [...(this.entries?.values() ?? [])].filter(
      (entry) => entry.endpoint === endpoint && entry.paramsText === paramsText,
    );
  }
}

function keyOf({ endpoint, paramsText, channel }: StreamChannel): string {
  // The names of channels and endpoints contain no space.
  return `${channel} ${endpoint} ${paramsText}`;
}

/** Returns the canonical text of parameters; undefined when they cannot be those of a stream. */
function textOf(params: WireParams): string | undefined {
  try {
    return canonicalParams(params);
  } catch {
    return undefined;
  }
}
