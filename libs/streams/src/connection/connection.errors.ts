import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamsLimits } from '../streams-limits.js';

/** Makes the error of a frame that comes while the server shuts down. */
export function draining(): CodedError {
  return new CodedError(ErrorCode.Draining, 'The server shuts down: connect again and send it there.', {
    retryAfterMs: 1_000,
  });
}

/** Makes the error of a frame whose id is taken. */
export function duplicateId(id: number): CodedError {
  return new CodedError(ErrorCode.DuplicateId, `A frame with id ${id} waits for its answer already.`);
}

type EarlyLimits = Pick<StreamsLimits, 'maxEarlyFrames' | 'maxEarlyBytes'>;

/** Makes the error of a frame too many during a sign-in. */
export function tooEarly({ maxEarlyFrames, maxEarlyBytes }: EarlyLimits): CodedError {
  const message =
    `At most ${maxEarlyFrames} frames and ${maxEarlyBytes} bytes wait while the sign-in is under way, and ` +
    'the connections of an address and of the server have a bound together: wait for the answer to the ' +
    'sign-in, or raise "limits.maxEarlyFrames", "maxEarlyBytes", "maxEarlyBytesPerAddress" or "maxEarlyBytesPerProcess".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Makes the error of a sign-in too many. */
export function tooManySignIns(retryAfterMs: number): CodedError {
  const message =
    'Too many sign-ins on this connection in too little time: sign in less often, or raise "limits.signInsPerSecond" or "limits.signInBurst".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Makes the error of a sign-in from an address with too many refused credentials. */
export function tooManyRefusedCredentials(retryAfterMs: number): CodedError {
  const message =
    'Too many credentials of this address were refused: wait, or raise "limits.maxRefusedSignInsPerAddress".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Makes the error of a frame whose client has used up its answers. */
export function tooManyAnswers(retryAfterMs: number): CodedError {
  const message =
    'The answers to this connection are much larger than what it sends: open streams and subscribe less often, or raise "limits.answerBytes".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Makes the error of a frame above the rate. */
export function rateLimited(retryAfterMs: number): CodedError {
  const message =
    'Too many frames or bytes in too little time: send less, or raise "limits.framesPerSecond" or "limits.bytesPerSecond".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}
