import type { ErrorDetail, WireError } from '@nestwire/protocol';
import type { ErrorFrame, ServerFrame } from '@nestwire/protocol/codec';
import type { FrameSink } from '../../subscriptions/client-subscription.js';
import type { AnswerAllowance } from './answer-allowance.js';
import type { InboundGate } from '../inbound-gate.js';
import type { MessageFrames } from './message-frames.js';
import type { OutboundQueue } from './outbound-queue.js';

/** Replaces the text of an error whose sender has used up its answers. */
const SHORTENED = 'Shortened.';

/** Writes the answers to frames of a client, in proportion to its own bytes. */
export class AnswerWriter implements FrameSink {
  constructor(
    readonly gate: InboundGate,
    readonly allowance: AnswerAllowance,
    private readonly outbox: OutboundQueue,
    private readonly frames: MessageFrames,
  ) {}

  /** Writes an answer and counts its bytes. */
  send(frame: ServerFrame): void {
    // A closed connection needs no encoding.
    if (!this.outbox.isOpen) return;
    const payload = this.frames.codec.encodeFrame(frame);
    this.allowance.spend(payload.length);
    this.outbox.push(payload);
  }

  /** Writes an error within the client's allowance: with fewer details, or with its code only. */
  fail(frame: ErrorFrame): void {
    if (!this.outbox.isOpen) return;
    const { codec } = this.frames;
    const room = this.allowance.errorBytes();
    let payload = codec.encodeFrame(frame);
    if (payload.length > room && frame.error.details) {
      const lengthWithout = codec.encodeFrame(withDetails(frame, undefined)).length;
      const details = detailsWithin(frame.error.details, room - lengthWithout);
      payload = codec.encodeFrame(withDetails(frame, details));
    }
    if (payload.length > room) {
      // An error without an id answers no frame, so nobody waits for it.
      if (frame.id === undefined) return;
      payload = codec.encodeFrame({ ...frame, error: shortened(frame.error) });
    }
    this.allowance.spendError(payload.length);
    this.outbox.push(payload);
  }
}

function withDetails(frame: ErrorFrame, details: readonly ErrorDetail[] | undefined): ErrorFrame {
  const { details: _, ...error } = frame.error;
  return { ...frame, error: details?.length ? { ...error, details } : error };
}

/** Returns the first details that fit into a number of bytes in every codec. */
function detailsWithin(details: readonly ErrorDetail[], room: number): readonly ErrorDetail[] {
  let left = room - DETAILS_BYTES;
  const count = details.findIndex((detail) => (left -= Buffer.byteLength(JSON.stringify(detail)) + 1) < 0);
  return count < 0 ? details : details.slice(0, count);
}

/** The bytes of a list of details besides its entries. */
const DETAILS_BYTES = '"details":[],'.length;

function shortened({ code, retryAfterMs }: WireError): WireError {
  return { code, message: SHORTENED, retryAfterMs };
}
