import { CodedError, type WireError } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';
import type { ClaimedWork } from '@nestwire/messages/backend';
import { possiblyHandled } from '../session/stream.errors.js';
import { errorOf, readResult, resultOf } from './session-results.js';
import { RecordedOutcomes, type CallOutcome } from './recorded-outcomes.js';
import type { ResultKeeper } from './stream-results.js';

/** A call that is to run once in the cluster. */
export interface ClaimedCall {
  readonly id: number;
  readonly isRedelivered: boolean;
}

/** The maximum length of a reply in the cluster; a longer one is forgotten. */
const MAX_STORED_CHARACTERS = 16_384;
/** The size of an outcome besides its reply, in bytes. */
const OUTCOME_BYTES = 128;
/** The result in the cluster of a reply that is too long. */
const TOO_LONG = '{"long":true}';

/** Takes the outcome of a running call; undefined when its end is not a result. */
type WaitForOutcome = (outcome: CallOutcome | undefined) => void;

/** The outcomes of one client's calls, for calls that it sends again. */
export class CallResults {
  /** The calls that run, and the repetitions that wait for their outcome. */
  private readonly running = new Map<number, WaitForOutcome[] | undefined>();
  private readonly outcomes: RecordedOutcomes;
  private forgottenId = 0;

  constructor(private readonly keeper: ResultKeeper) {
    this.outcomes = new RecordedOutcomes(keeper.maxResults);
  }

  /** Records a call that runs longer than this turn; `settled` must follow. */
  begin(id: number): void {
    this.running.set(id, undefined);
  }

  /** Records the outcome of a call; undefined when its end is not a result. */
  settled(id: number, outcome: CallOutcome | undefined): void {
    const waiting = this.running.size ? this.running.get(id) : undefined;
    if (this.running.size) this.running.delete(id);
    if (outcome) this.add(id, outcome);
    if (waiting) for (const take of waiting) take(outcome);
  }

  /**
   * Returns the outcome of a call that was sent before, when it has one; undefined for an unknown call.
   *
   * @throws {CodedError} UNCERTAIN when the outcome is forgotten
   */
  async find(id: number): Promise<CallOutcome | undefined> {
    const isRunning = this.running.has(id);
    const outcome = isRunning ? await this.outcomeOf(id) : this.outcomes.find(id);
    if (outcome) return outcome;
    if (isRunning) throw possiblyHandled('It has no single reply, or its outcome is unknown.');
    if (id <= this.forgottenId) throw possiblyHandled('The server no longer remembers its outcome.');
    return undefined;
  }

  /**
   * Claims a call in the cluster; returns its outcome when it has run before.
   *
   * @throws {CodedError} UNCERTAIN when another server has begun it, or its reply is forgotten
   */
  async claim({ id, isRedelivered }: ClaimedCall): Promise<CallOutcome | undefined> {
    const claim = await this.keeper.claims.claim(this.workOf(id)).catch((error: unknown) => {
      throw isRedelivered ? possiblyHandled('The cluster is unavailable at the moment.') : error;
    });
    if (claim === 'claimed') return undefined;
    if (claim === 'running')
      throw possiblyHandled('Another server has begun to handle it and has not finished.');
    return storedOutcome(claim.result);
  }

  /** Stores the outcome of a claimed call in the cluster. */
  settle(
    id: number,
    outcome: { readonly stored: EncodedMessage | null } | { readonly error: WireError },
  ): void {
    void this.keeper.claims.settle(this.workOf(id), storedText(outcome));
  }

  /** Forgets the older half of the outcomes, but never the newest. */
  forgetOlderHalf(): void {
    const count = Math.max(1, Math.floor(this.outcomes.size / 2));
    this.forgetAllBut(count);
  }

  private outcomeOf(running: number): Promise<CallOutcome | undefined> {
    return new Promise((resolve) => {
      const waiting = this.running.get(running);
      if (waiting) waiting.push(resolve);
      else this.running.set(running, [resolve]);
    });
  }

  private add(id: number, outcome: CallOutcome): void {
    const bytes = bytesOf(outcome);
    const freed = this.outcomes.isFull ? this.removeOldest() : 0;
    this.outcomes.add(id, outcome, bytes);
    // Replies of one size replace each other without a change of the memory.
    if (bytes !== freed && !this.keeper.grow(bytes - freed)) this.forgetAllBut(1);
  }

  private forgetAllBut(count: number): void {
    while (this.outcomes.size > count) this.keeper.grow(-this.removeOldest());
  }

  /** Removes the oldest outcome; returns its size in bytes. */
  private removeOldest(): number {
    this.forgottenId = Math.max(this.forgottenId, this.outcomes.oldestId);
    return this.outcomes.removeOldest();
  }

  private workOf(id: number): ClaimedWork {
    return { id: this.keeper.claimIdOf(id), ttlMs: this.keeper.claimTtlMs };
  }
}

function bytesOf(outcome: CallOutcome): number {
  if ('error' in outcome) return OUTCOME_BYTES + 2 * JSON.stringify(outcome.error).length;
  if ('stored' in outcome) return OUTCOME_BYTES + 2 * (outcome.stored?.data.length ?? 0);
  return OUTCOME_BYTES + (typeof outcome.reply === 'string' ? 2 : 1) * outcome.reply.length;
}

function storedText(
  outcome: { readonly stored: EncodedMessage | null } | { readonly error: WireError },
): string {
  if ('error' in outcome) return `{"error":${resultOf(outcome.error)}}`;
  const text = JSON.stringify({ reply: outcome.stored });
  return text.length <= MAX_STORED_CHARACTERS ? text : TOO_LONG;
}

/**
 * Reads the outcome that another server stored.
 *
 * @throws {CodedError} UNCERTAIN when it is forgotten or malformed
 */
function storedOutcome(text: string): CallOutcome {
  const stored = parsed(text);
  if (stored.error !== undefined) throw errorOf(readResult(JSON.stringify(stored.error)));
  if (stored.reply === null) return { stored: null };
  const { type, data } = (stored.reply ?? {}) as Partial<EncodedMessage>;
  if (typeof type === 'string' && typeof data === 'string') return { stored: { type, data } };
  throw possiblyHandled('Its reply is too long to be remembered in the cluster.');
}

function parsed(text: string): { readonly error?: unknown; readonly reply?: unknown } {
  try {
    return (text.length <= 2 * MAX_STORED_CHARACTERS ? JSON.parse(text) : {}) as object;
  } catch {
    throw possiblyHandled('The stored outcome is malformed.');
  }
}

/** Returns the error of an outcome, to send it again. */
export function outcomeError({ error }: { readonly error: WireError }): CodedError {
  return errorOf(error);
}
