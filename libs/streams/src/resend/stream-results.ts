import type { WireError } from '@nestwire/protocol';
import type { ClaimStore } from '@nestwire/messages/backend';

/** The answer to one message, or to all that a session handled one after the other. */
export interface Answer {
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
  readonly maxAnswers: number;
  /** Names a message in the cluster, for nobody else to guess. */
  claimIdOf(id: number): string;
  /** Counts bytes that are kept; returns false when there is no room for them. */
  grow(bytes: number): boolean;
}

/** Bytes of an answer without its error. */
const ANSWER_BYTES = 96;
/** Bytes of a stream that has answers, and its part of the client's. */
const STREAM_BYTES = 512;

/** How the messages of one client to one endpoint were answered. */
export class StreamResults {
  private readonly answers: Answer[] = [];
  private readonly rooms: PendingMessages[] = [];
  private forgottenId = 0;

  constructor(readonly keeper: ResultKeeper) {}

  /** Adds a session, behind those that were there before. */
  join(room: PendingMessages): void {
    this.rooms.push(room);
  }

  leave(room: PendingMessages): void {
    const at = this.rooms.indexOf(room);
    if (at >= 0) this.rooms.splice(at, 1);
  }

  /** Resolves when the message waits in no session that was there before this one. */
  async answeredBefore(id: number, own: PendingMessages): Promise<void> {
    for (;;) {
      const earlier = this.rooms.slice(0, Math.max(0, this.rooms.indexOf(own)));
      const room = earlier.find((other) => other.awaits(id));
      if (!room) return;
      await room.answered(id);
    }
  }

  /** Keeps an answer; the oldest go when there are too many. */
  add(answer: Answer): Answer {
    const isFirst = !this.answers.length;
    this.answers.push(answer);
    const hasRoom = this.keeper.grow(bytesOf(answer) + (isFirst ? STREAM_BYTES : 0));
    while (this.answers.length > (hasRoom ? this.keeper.maxAnswers : 1)) this.forgetOldest();
    return answer;
  }

  /** Returns the answer to a message; 'forgotten' when it may have been answered. */
  find(id: number): Answer | 'forgotten' | undefined {
    const failed = this.answers.findLast(({ error, from }) => error && from === id);
    if (failed) return failed;
    if (id <= this.forgottenId) return 'forgotten';
    return this.answers.find(({ error, from, to }) => !error && from <= id && id <= to);
  }

  /** Makes room: forgets the older half, and keeps the newest in any case. */
  forgetOlderHalf(): void {
    const kept = Math.max(1, Math.floor(this.answers.length / 2));
    while (this.answers.length > kept) this.forgetOldest();
  }

  private forgetOldest(): void {
    const answer = this.answers.shift()!;
    answer.isForgotten = true;
    this.forgottenId = Math.max(this.forgottenId, answer.to);
    this.keeper.grow(-bytesOf(answer));
  }
}

function bytesOf({ error }: Answer): number {
  return ANSWER_BYTES + (error ? 2 * JSON.stringify(error).length : 0);
}
