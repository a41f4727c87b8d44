import type { ErrorFrame, WireError } from '@nestwire/protocol';
import type { MessageFrames } from './message.frames.js';
import type { InboundGate } from './inbound-gate.js';
import type { Outbox } from './outbox.js';

/** Replaces the text of an error whose sender has used up its error answers. */
const SHORTENED = 'Shortened.';

/** Writes the errors that a client gets, in proportion to what it sends. */
export class ErrorAnswers {
  constructor(
    readonly gate: InboundGate,
    private readonly outbox: Outbox,
    private readonly frames: MessageFrames,
  ) {}

  /** Writes an error; without its details and text when the client has used up its share. */
  write(frame: ErrorFrame): void {
    // Not even encoded for a client that has gone.
    if (!this.outbox.isOpen) return;
    const { codec } = this.frames;
    const payload = codec.encodeFrame(frame);
    if (this.gate.allowsAnswer(payload.length, performance.now())) this.outbox.push(payload);
    // Without an id it tells nobody about a frame that waits for its answer.
    else if (frame.id !== undefined)
      this.outbox.push(codec.encodeFrame({ ...frame, error: shortened(frame.error) }));
  }
}

function shortened({ code, retryAfterMs }: WireError): WireError {
  return { code, message: SHORTENED, retryAfterMs };
}
