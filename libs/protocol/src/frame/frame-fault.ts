import type { CloseCode } from '../error/close-code.js';
import { CodedError } from '../error/coded-error.js';

/** An invalid frame: an error to send, or a reason to close the connection. */
export class FrameFault extends CodedError {
  constructor(
    code: string,
    message: string,
    /** The id of the frame, if it could be read. */
    readonly id?: number,
    /** The code to close the connection with; undefined when an error frame is enough. */
    readonly closeCode?: CloseCode,
  ) {
    super(code, message);
    this.name = 'FrameFault';
  }
}
