import type { EncodedMessage, FramePayload } from '@nestwire/protocol/codec';
import type { CallWire } from '../../calls/call-port.js';
import type { MessageFrames } from './message-frames.js';
import type { OutboundQueue } from './outbound-queue.js';

/** Writes the frames of calls to one connection. */
export class CallWriter implements CallWire {
  constructor(
    private readonly outbox: OutboundQueue,
    private readonly frames: MessageFrames,
  ) {}

  get subprotocol(): string {
    return this.frames.codec.subprotocol;
  }

  get isAboveSoftBound(): boolean {
    return this.outbox.isAboveSoftBound;
  }

  whenBelowSoftBound(): Promise<void> {
    return this.outbox.whenBelowSoftBound();
  }

  itemFrame(call: number, n: number, item: object): FramePayload {
    return this.frames.itemOf(call, n, item);
  }

  replyFrame(call: number, reply: object | undefined): FramePayload {
    return this.frames.replyOf(call, reply);
  }

  storedReplyFrame(call: number, reply: EncodedMessage | null): FramePayload {
    return reply
      ? this.frames.codec.encodeAround({ t: 'reply', call }, reply)
      : this.replyFrame(call, undefined);
  }

  storedItemFrame(call: number, n: number, item: EncodedMessage): FramePayload {
    return this.frames.codec.encodeItem(call, n, item);
  }

  endFrame(call: number): FramePayload {
    return this.frames.codec.encodeFrame({ t: 'end', call });
  }

  creditFrame(call: number, consumed: number): FramePayload {
    return this.frames.codec.encodeFrame({ t: 'credit', call, consumed });
  }

  push(frame: FramePayload): void {
    this.outbox.push(frame);
  }
}
