import { CodedError } from '@nestwire/protocol';
import { invalidMessage } from './message-details.js';
import { asRefusal } from './refusal.js';

/**
 * Throws any error of a library as an invalid message.
 *
 * The data of the client caused the error. Only coded errors keep their text.
 *
 * @param laterMs the CPU time in later turns than that of the frame
 */
export function refuseMessage(cause: unknown, laterMs = 0): never {
  throw asRefusal(cause instanceof CodedError ? cause : invalidMessage([], cause), laterMs);
}
