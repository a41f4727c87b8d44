import type { WireError } from '@nestwire/protocol';
import type { ClaimStore } from '@nestwire/messages/backend';

/** The answer to one message, or to all that a session handled one after the other. */
export interface MessageResult {
  /** The ids of the first and the last message. */
  readonly from: number;
  to: number;
  /** Whether they had been sent before. */
  readonly redelivered: boolean;
  /** What they were answered with; undefined when they were handled. */
  readonly error?: WireError;
  /** Set when there was no room any more. */
  isForgotten?: true;
}

/** A session that messages of the client may wait in. */
export interface PendingMessages {
  /** Tells whether a message with this id waits for its answer. */
  awaits(id: number): boolean;
  /** Resolves when none does. */
  answered(id: number): Promise<void>;
}

/** What the answers to one client are kept by. */
export interface ResultKeeper {
  readonly claims: ClaimStore;
  /** How long a claim stands, in milliseconds. */
  readonly claimTtlMs: number;
  /** How many answers of a stream are kept. */
  readonly maxResults: number;
  /** Names a message in the cluster, for nobody else to guess. */
  claimIdOf(id: number): string;
  /** Counts bytes that are kept; returns false when there is no room for them. */
  grow(bytes: number): boolean;
}

/** Bytes of an answer without its error. */
const RESULT_BYTES = 96;
/** Bytes of a stream that has answers, and its part of the client's. */
const STREAM_BYTES = 512;

/** How the messages of one client to one endpoint were answered. */
export class StreamResults {
  private readonly results: MessageResult[] = [];
  private readonly sessions: PendingMessages[] = [];
  private forgottenId = 0;

  constructor(readonly keeper: ResultKeeper) {}

  /** Adds a session, behind those that were there before. */
  attach(pending: PendingMessages): void {
    this.sessions.push(pending);
  }

  detach(pending: PendingMessages): void {
    const at = this.sessions.indexOf(pending);
    if (at >= 0) this.sessions.splice(at, 1);
  }

  /** Resolves when the message waits in no session that was there before this one. */
  async answeredBefore(id: number, own: PendingMessages): Promise<void> {
    for (;;) {
      const earlier = this.sessions.slice(0, Math.max(0, this.sessions.indexOf(own)));
      const pending = earlier.find((other) => other.awaits(id));
      if (!pending) return;
      await pending.answered(id);
    }
  }

  /** Keeps an answer; the oldest go when there are too many. */
  add(result: MessageResult): MessageResult {
    const isFirst = !this.results.length;
    this.results.push(result);
    const fits = this.keeper.grow(bytesOf(result) + (isFirst ? STREAM_BYTES : 0));
    while (this.results.length > (fits ? this.keeper.maxResults : 1)) this.forgetOldest();
    return result;
  }

  /** Returns the answer to a message; 'forgotten' when it may have been answered. */
  find(id: number): MessageResult | 'forgotten' | undefined {
    const failed = this.results.findLast(({ error, from }) => error && from === id);
    if (failed) return failed;
    if (id <= this.forgottenId) return 'forgotten';
    return this.results.find(({ error, from, to }) => !error && from <= id && id <= to);
  }

  /** Makes room: forgets the older half, and keeps the newest in any case. */
  forgetOlderHalf(): void {
    const count = Math.max(1, Math.floor(this.results.length / 2));
    while (this.results.length > count) this.forgetOldest();
  }

  private forgetOldest(): void {
    const result = this.results.shift()!;
    result.isForgotten = true;
    this.forgottenId = Math.max(this.forgottenId, result.to);
    this.keeper.grow(-bytesOf(result));
  }
}

function bytesOf({ error }: MessageResult): number {
  return RESULT_BYTES + (error ? 2 * JSON.stringify(error).length : 0);
}
