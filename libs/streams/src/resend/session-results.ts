import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';
import type { ClaimedWork } from '@nestwire/messages/backend';
import type { MessageResult, StreamResults, PendingMessages } from './stream-results.js';
import type { MessageHead } from '../session/runtime-port.js';
import { uncertain } from '../session/stream.errors.js';

/** Its sender has had the details, and they may be much larger than the message. */
const INVALID: WireError = {
  code: ErrorCode.InvalidMessage,
  message: 'The message was invalid when it was sent before; its first answer had the details.',
};
const CODE = /^[\w.:-]{1,64}$/;
/** The longest record of an answer in the cluster: a client must not make it grow by more than it sends. */
const MAX_RESULT_CHARACTERS = 512;
const MAX_RESULT_TEXT = 200;

/** What one session adds to the answers of its client, and takes from them. */
export class SessionResults {
  /** The messages that were handled one after the other up to now. */
  private run: MessageResult | undefined;
  /** The message that was answered before, and is now again. */
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

  /** Notes that a message was handled; for most this is one number. */
  handled({ id, redelivered = false }: MessageHead): void {
    if (id === this.repeatedId) return;
    const { run } = this;
    if (run && id > run.to && run.redelivered === redelivered && !run.isForgotten) run.to = id;
    else this.run = this.stream.add({ from: id, to: id, redelivered });
    if (this.claimed?.frameId === id) this.settle('');
  }

  /** Notes that a message was answered with an error; the details of an invalid one are not kept. */
  failed(id: number, failure: WireError): void {
    if (id === this.repeatedId) return;
    const error = failure.code === ErrorCode.InvalidMessage ? INVALID : failure;
    // A run ends here, because it would answer this one too.
    this.run = undefined;
    this.stream.add({ from: id, to: id, redelivered: false, error });
    if (this.claimed?.frameId === id) this.settle(resultOf(error));
  }

  /**
   * Tells whether a message was handled before, behind the end of a handler that still runs.
   *
   * @throws {CodedError} the error that it was answered with; UNCERTAIN when that is forgotten
   */
  async isHandled(id: number): Promise<boolean> {
    await this.stream.answeredBefore(id, this.pending);
    const result = this.stream.find(id);
    if (result) this.repeatedId = id;
    if (result === 'forgotten') throw uncertain('The server has answered too much since.');
    if (result?.error) throw errorOf(result.error);
    return result !== undefined;
  }

  /**
   * Claims a message in the cluster; returns whether it was handled there before.
   *
   * @throws {CodedError} the error that it was answered with; UNCERTAIN when a server began it
   */
  async claim({ id, redelivered }: MessageHead): Promise<boolean> {
    const { claims, claimTtlMs, claimIdOf } = this.stream.keeper;
    const work = { id: claimIdOf(id), ttlMs: claimTtlMs };
    const claim = await claims.claim(work).catch((error: unknown) => {
      throw redelivered ? uncertain('The cluster cannot be asked now.') : error;
    });
    if (claim === 'running') throw uncertain('A server began it and has not answered.');
    if (claim !== 'claimed' && claim.result) throw errorOf(readResult(claim.result));
    if (claim !== 'claimed') return true;
    this.claimed = { ...work, frameId: id };
    return false;
  }

  private settle(result: string): void {
    void this.stream.keeper.claims.settle(this.claimed!, result);
    this.claimed = undefined;
  }
}

/** Writes the error that a message was answered with: details that are long stay with this server. */
function resultOf(error: WireError): string {
  const text = JSON.stringify(error);
  if (text.length <= MAX_RESULT_CHARACTERS) return text;
  const { code, message } = error;
  return JSON.stringify({ code, message: message.slice(0, MAX_RESULT_TEXT) });
}

/**
 * Reads the error that a message was answered with, as another server has written it.
 *
 * @throws {CodedError} UNCERTAIN when it is not one
 */
function readResult(text: string): WireError {
  const error = text.length <= 2 * MAX_RESULT_CHARACTERS ? parsed(text) : undefined;
  if (!isWireError(error)) throw uncertain('The record of its answer cannot be read.');
  const { code, message, details, retryAfterMs } = error;
  return {
    code,
    message,
    ...(isDetails(details) && { details }),
    ...(Number.isFinite(retryAfterMs) && { retryAfterMs: Math.max(0, retryAfterMs!) }),
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

function errorOf(error: WireError): CodedError {
  return new CodedError(error.code, error.message, error);
}
