import type { WireError } from '@nestwire/protocol';
import type { ErrorFrame, ServerFrame } from '@nestwire/protocol/codec';
import type { FrameSink } from '../../subscriptions/client-subscription.js';
import type { AnswerAllowance } from './answer-allowance.js';
import type { InboundGate } from '../inbound-gate.js';
import type { MessageFrames } from './message-frames.js';
import type { OutboundQueue } from './outbound-queue.js';

/** Replaces the text of an error whose sender has used up its answers. */
const SHORTENED = 'Shortened.';

/** Writes the answers to the frames of a client, in proportion to what it sends. */
export class AnswerWriter implements FrameSink {
  constructor(
    readonly gate: InboundGate,
    readonly allowance: AnswerAllowance,
    private readonly outbox: OutboundQueue,
    private readonly frames: MessageFrames,
  ) {}

  /** Writes a frame and counts it. */
  send(frame: ServerFrame): void {
    // Not even encoded for a client that has gone.
    if (!this.outbox.isOpen) return;
    const payload = this.frames.codec.encodeFrame(frame);
    this.allowance.spend(payload.length);
    this.outbox.push(payload);
  }

  /** Writes an error; without its details and text when the client has used up its answers. */
  fail(frame: ErrorFrame): void {
    if (!this.outbox.isOpen) return;
    const payload = this.frames.codec.encodeFrame(frame);
    if (this.allowance.allows(payload.length)) this.outbox.push(payload);
    // Without an id it tells nobody about a frame that waits for its answer.
    else if (frame.id !== undefined) this.send({ ...frame, error: shortened(frame.error) });
  }
}

function shortened({ code, retryAfterMs }: WireError): WireError {
  return { code, message: SHORTENED, retryAfterMs };
}
