import type { CloseCode } from '../error/close-code.js';
import { CodedError } from '../error/coded-error.js';

/** The facts about an invalid frame that could be read. */
export interface FrameFaultFacts {
  /** The id of the frame. */
  readonly id?: number | undefined;
  /** The call of the frame. */
  readonly call?: number | undefined;
  /** The code to close the connection with; undefined when an error frame is enough. */
  readonly closeCode?: CloseCode | undefined;
}

/** An invalid frame: an error to send, or a reason to close the connection. */
export class FrameFault extends CodedError {
  /** The id that the answer carries: that of the frame, or that of its call. */
  readonly id: number | undefined;
  /** The call that ends, because a frame of it is lost. */
  readonly call: number | undefined;
  readonly closeCode: CloseCode | undefined;

  constructor(code: string, message: string, { id, call, closeCode }: FrameFaultFacts = {}) {
    super(code, message);
    this.name = 'FrameFault';
    this.id = id ?? call;
    this.call = call;
    this.closeCode = closeCode;
  }
}
