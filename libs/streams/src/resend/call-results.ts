import { CodedError, type WireError } from '@nestwire/protocol';
import type { EncodedMessage, FramePayload } from '@nestwire/protocol/codec';
import type { ClaimedWork } from '@nestwire/messages/backend';
import { possiblyHandled } from '../session/stream.errors.js';
import { errorOf, readResult, resultOf } from './session-results.js';
import type { ResultKeeper } from './stream-results.js';

/** The end of a call with a single reply. */
export type CallOutcome =
  /** The frame of the reply, in one codec. */
  | { readonly reply: FramePayload; readonly subprotocol: string }
  /** The reply that another server stored; null without a message. */
  | { readonly stored: EncodedMessage | null }
  | { readonly error: WireError };

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

/** The outcomes of one client's calls, for calls that it sends again. */
export class CallResults {
  private readonly running = new Map<number, Promise<CallOutcome | undefined>>();
  private readonly outcomes = new Map<number, CallOutcome>();
  private forgottenId = 0;

  constructor(private readonly keeper: ResultKeeper) {}

  /** Records a call that runs; `settled` resolves to undefined when its end is not a result. */
  begin(id: number, settled: Promise<CallOutcome | undefined>): void {
    const recorded = settled.then((outcome) => {
      this.running.delete(id);
      if (outcome) this.add(id, outcome);
      return outcome;
    });
    this.running.set(id, recorded);
  }

  /**
   * Returns the outcome of a call that was sent before, when it has one; undefined for an unknown call.
   *
   * @throws {CodedError} UNCERTAIN when the outcome is forgotten
   */
  async find(id: number): Promise<CallOutcome | undefined> {
    const running = this.running.get(id);
    const outcome = running ? await running : this.outcomes.get(id);
    if (outcome) return outcome;
    if (running) throw possiblyHandled('It has no single reply, or its outcome is unknown.');
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
    while (this.outcomes.size > count) this.forgetOldest();
  }

  private add(id: number, outcome: CallOutcome): void {
    this.outcomes.set(id, outcome);
    const fits = this.keeper.grow(bytesOf(outcome));
    while (this.outcomes.size > (fits ? this.keeper.maxResults : 1)) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const [id, outcome] of this.outcomes) {
      this.outcomes.delete(id);
      this.forgottenId = Math.max(this.forgottenId, id);
      this.keeper.grow(-bytesOf(outcome));
      return;
    }
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
