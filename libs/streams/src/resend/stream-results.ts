import type { WireError } from '@nestwire/protocol';
import type { ClaimStore } from '@nestwire/messages/backend';

/** The result of one message, or of a run of consecutively handled messages. */
export interface MessageResult {
  /** The ids of the first and the last message. */
  readonly from: number;
  to: number;
  /** True when the messages were redelivered. */
  readonly redelivered: boolean;
  /** The error; undefined when the messages were handled. */
  readonly error?: WireError;
  /** Set when the result was removed for lack of memory. */
  isForgotten?: true;
}

/** A session in which messages of the client may be pending. */
export interface PendingMessages {
  /** Returns true when a message with this id is unanswered. */
  awaits(id: number): boolean;
  /** Resolves when no message with this id is unanswered. */
  answered(id: number): Promise<void>;
}

/** The environment of one client's results. */
export interface ResultKeeper {
  readonly claims: ClaimStore;
  /** The lifetime of a claim, in milliseconds. */
  readonly claimTtlMs: number;
  /** The maximum number of results per stream. */
  readonly maxResults: number;
  /** Returns the secret claim id of a message in the cluster. */
  claimIdOf(id: number): string;
  /** Counts stored bytes; returns false when no memory is free. */
  grow(bytes: number): boolean;
}

/** The size of a result without its error, in bytes. */
const RESULT_BYTES = 96;
/** The size of a stream with results, in bytes. */
const STREAM_BYTES = 512;

/** The results of one client's messages to one endpoint and set of parameters. */
export class StreamResults {
  private readonly results: MessageResult[] = [];
  private readonly sessions: PendingMessages[] = [];

  constructor(
    readonly keeper: ResultKeeper,
    /** The results of ids up to this one may have been removed. */
    private forgottenId = 0,
  ) {}

  /** True while a session may have pending messages. */
  get isAttached(): boolean {
    return this.sessions.length > 0;
  }

  /** Adds a session after the existing ones. */
  attach(pending: PendingMessages): void {
    this.sessions.push(pending);
  }

  detach(pending: PendingMessages): void {
    const at = this.sessions.indexOf(pending);
    if (at >= 0) this.sessions.splice(at, 1);
  }

  /** Resolves when the message is pending in no earlier session. */
  async answeredBefore(id: number, own: PendingMessages): Promise<void> {
    for (;;) {
      const earlier = this.sessions.slice(0, Math.max(0, this.sessions.indexOf(own)));
      const pending = earlier.find((other) => other.awaits(id));
      if (!pending) return;
      await pending.answered(id);
    }
  }

  /** Adds a result; the oldest are removed when there are too many. */
  add(result: MessageResult): MessageResult {
    const isFirst = !this.results.length;
    this.results.push(result);
    const fits = this.keeper.grow(bytesOf(result) + (isFirst ? STREAM_BYTES : 0));
    while (this.results.length > (fits ? this.keeper.maxResults : 1)) this.forgetOldest();
    return result;
  }

  /** Returns the result of a message; 'forgotten' when it may have been removed. */
  find(id: number): MessageResult | 'forgotten' | undefined {
    const failed = this.results.findLast(({ error, from }) => error && from === id);
    if (failed) return failed;
    if (id <= this.forgottenId) return 'forgotten';
    return this.results.find(({ error, from, to }) => !error && from <= id && id <= to);
  }

  /** Forgets the older half of the results, but never the newest. */
  forgetOlderHalf(): void {
    const count = Math.max(1, Math.floor(this.results.length / 2));
    while (this.results.length > count) this.forgetOldest();
  }

  /** Forgets all results; returns the greatest id of a forgotten one. */
  forgetAll(): number {
    if (this.results.length) this.keeper.grow(-STREAM_BYTES);
    while (this.results.length) this.forgetOldest();
    return this.forgottenId;
  }

  private forgetOldest(): void {
    const result = this.results.shift();
    if (!result) return;
    result.isForgotten = true;
    this.forgottenId = Math.max(this.forgottenId, result.to);
    this.keeper.grow(-bytesOf(result));
  }
}

function bytesOf({ error }: MessageResult): number {
  return RESULT_BYTES + (error ? 2 * JSON.stringify(error).length : 0);
}
