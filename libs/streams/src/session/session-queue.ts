import type { ClientMessageFrame, FramePayload } from '@nestwire/protocol/codec';
import { copiedPayload } from './copied-payload.js';
import type { MessageHead } from './runtime-port.js';

/** A message that waits for its turn; decoded it would take many times its bytes. */
export interface QueuedMessage {
  readonly head: MessageHead;
  readonly payload: FramePayload;
  readonly bytes: number;
}

/** The messages of one session that wait for their turn, in the order sent. */
export class SessionQueue {
  private messages: QueuedMessage[] = [];
  private queuedBytes = 0;

  get length(): number {
    return this.messages.length;
  }

  /** The size of all waiting messages, in bytes. */
  get bytes(): number {
    return this.queuedBytes;
  }

  push(frame: ClientMessageFrame, payload: FramePayload, bytes: number): void {
    this.messages.push({ head: headOf(frame), payload: copiedPayload(payload), bytes });
    this.queuedBytes += bytes;
  }

  /** Removes and returns the first message; undefined when none waits. */
  shift(): QueuedMessage | undefined {
    const message = this.messages.shift();
    if (message) this.queuedBytes -= message.bytes;
    return message;
  }

  /** Removes and returns the heads of all messages. */
  takeHeads(): MessageHead[] {
    const heads = this.messages.map(({ head }) => head);
    this.messages = [];
    this.queuedBytes = 0;
    return heads;
  }

  /** Returns whether a message with this id waits. */
  has(id: number): boolean {
    return this.messages.some(({ head }) => head.id === id);
  }
}

/**
 * Returns a message without its properties.
 *
 * The properties must not be kept while the handler runs.
 */
export function headOf({ id, stream, type, redelivered }: ClientMessageFrame): MessageHead {
  return { id, stream, type, redelivered };
}
