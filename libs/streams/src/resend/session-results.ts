import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';
import type { ClaimedWork } from '@nestwire/messages/backend';
import type { MessageResult, StreamResults, PendingMessages } from './stream-results.js';
import type { MessageHead } from '../session/runtime-port.js';
import { possiblyHandled } from '../session/stream.errors.js';

/** A result without the details, which may be much larger than the message. */
const INVALID: WireError = {
  code: ErrorCode.InvalidMessage,
  message: 'The message was invalid when it was sent before; its first answer had the details.',
};
const CODE = /^[\w.:-]{1,64}$/;
/** The maximum length of a result in the cluster, so that a client cannot store more than it sends. */
const MAX_RESULT_CHARACTERS = 512;
const MAX_RESULT_TEXT = 200;

/** The results that one session records and reads. */
export class SessionResults {
  /** The latest run of consecutively handled messages. */
  private run: MessageResult | undefined;
  /** The id of a resent message that was handled before. */
  private repeatedId = 0;
  private claimed: (ClaimedWork & { readonly frameId: number }) | undefined;

  constructor(
    private readonly stream: StreamResults,
    private readonly pending: PendingMessages,
  ) {
    stream.attach(pending);
  }

  detach(): void {
    this.stream.detach(this.pending);
  }

  /** Records a handled message; usually it only extends the current run. */
  handled({ id, redelivered = false }: MessageHead): void {
    if (id === this.repeatedId) return;
    const { run } = this;
    if (run && id > run.to && run.redelivered === redelivered && !run.isForgotten) run.to = id;
    else this.run = this.stream.add({ from: id, to: id, redelivered });
    if (this.claimed?.frameId === id) this.settle('');
  }

  /** Records a failed message, without the details of an invalid one. */
  failed(id: number, failure: WireError): void {
    if (id === this.repeatedId) return;
    const error = failure.code === ErrorCode.InvalidMessage ? INVALID : failure;
    // The run must end here, because it would include this message.
    this.run = undefined;
    this.stream.add({ from: id, to: id, redelivered: false, error });
    if (this.claimed?.frameId === id) this.settle(resultOf(error));
  }

  /**
   * Waits for earlier sessions and returns true when a message was handled before.
   *
   * @throws {CodedError} the recorded error; UNCERTAIN when the result is forgotten
   */
  async isHandled(id: number): Promise<boolean> {
    await this.stream.answeredBefore(id, this.pending);
    const result = this.stream.find(id);
    if (result) this.repeatedId = id;
    if (result === 'forgotten') throw possiblyHandled('The server no longer remembers its outcome.');
    if (result?.error) throw errorOf(result.error);
    return result !== undefined;
  }

  /**
   * Claims a message in the cluster; returns true when it was handled before.
   *
   * @throws {CodedError} the recorded error; UNCERTAIN when another server has begun it
   */
  async claim({ id, redelivered }: MessageHead): Promise<boolean> {
    const { claims, claimTtlMs, claimIdOf } = this.stream.keeper;
    const work = { id: claimIdOf(id), ttlMs: claimTtlMs };
    const claim = await claims.claim(work).catch((error: unknown) => {
      throw redelivered ? possiblyHandled('The cluster is unavailable at the moment.') : error;
    });
    if (claim === 'running')
      throw possiblyHandled('Another server has begun to handle it and has not finished.');
    if (claim !== 'claimed' && claim.result) throw errorOf(readResult(claim.result));
    if (claim !== 'claimed') return true;
    this.claimed = { ...work, frameId: id };
    return false;
  }

  private settle(result: string): void {
    const { claimed } = this;
    if (!claimed) return;
    this.claimed = undefined;
    void this.stream.keeper.claims.settle(claimed, result);
  }
}

/** Encodes an error for the cluster; long details are left out. */
export function resultOf(error: WireError): string {
  const text = JSON.stringify(error);
  if (text.length <= MAX_RESULT_CHARACTERS) return text;
  const { code, message } = error;
  return JSON.stringify({ code, message: message.slice(0, MAX_RESULT_TEXT) });
}

/**
 * Decodes an error that another server recorded.
 *
 * @throws {CodedError} UNCERTAIN when it is malformed
 */
export function readResult(text: string): WireError {
  const error = text.length <= 2 * MAX_RESULT_CHARACTERS ? parsed(text) : undefined;
  if (!isWireError(error)) throw possiblyHandled('The stored outcome is malformed.');
  const { code, message, details, retryAfterMs } = error;
  return {
    code,
    message,
    ...(isDetails(details) && { details }),
    ...(typeof retryAfterMs === 'number' &&
      Number.isFinite(retryAfterMs) && { retryAfterMs: Math.max(0, retryAfterMs) }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isWireError(value: unknown): value is WireError {
  const { code, message } = (value ?? {}) as Partial<Record<keyof WireError, unknown>>;
  return typeof code === 'string' && CODE.test(code) && typeof message === 'string';
}

function isDetails(value: unknown): value is NonNullable<WireError['details']> {
  if (!Array.isArray(value)) return false;
  return value.every((detail: { path?: unknown; message?: unknown } | null) => {
    return typeof detail?.path === 'string' && typeof detail.message === 'string';
  });
}

/** Makes the recorded error again. */
export function errorOf(error: WireError): CodedError {
  return new CodedError(error.code, error.message, error);
}
