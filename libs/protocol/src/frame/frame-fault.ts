import type { CloseCode } from '../error/close-code.js';
import { CodedError } from '../error/coded-error.js';

/** Why a text is no frame: an error to answer, or a protocol broken for good. */
export class FrameFault extends CodedError {
  constructor(
    code: string,
    message: string,
    /** The id of the frame, where it could be read. */
    readonly id?: number,
    /** The code to close the connection with; absent when an answer is enough. */
    readonly closeCode?: CloseCode,
  ) {
    super(code, message);
    this.name = 'FrameFault';
  }
}
