import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamsLimits } from '../streams-limits.js';

/** Creates the error of a frame that arrives during the shutdown. */
export function draining(): CodedError {
  return new CodedError(ErrorCode.Draining, 'The server shuts down: reconnect and send it again.', {
    retryAfterMs: 1_000,
  });
}

/** Creates the error of a frame whose id is in use. */
export function duplicateId(id: number): CodedError {
  return new CodedError(
    ErrorCode.DuplicateId,
    `Another frame with id ${id} has no answer yet: use each id for one frame.`,
  );
}

type EarlyLimits = Pick<StreamsLimits, 'maxEarlyFrames' | 'maxEarlyBytes'>;

/** Creates the error of too many frames during a sign-in. */
export function tooEarly({ maxEarlyFrames, maxEarlyBytes }: EarlyLimits): CodedError {
  const message =
    `At most ${maxEarlyFrames} frames and ${maxEarlyBytes} bytes wait while the sign-in is under way, and ` +
    'the connections of an address and of the server have a bound together: wait for the answer to the ' +
    'sign-in, or raise "limits.maxEarlyFrames", "maxEarlyBytes", "maxEarlyBytesPerAddress" or "maxEarlyBytesPerProcess".';
  return new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 });
}

/** Creates the error of too many sign-ins. */
export function tooManySignIns(retryAfterMs: number): CodedError {
  const message =
    'Too many sign-ins on this connection in too little time: sign in less often, or raise "limits.signInsPerSecond" or "limits.signInBurst".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Creates the error of a sign-in from an address with too many refusals. */
export function tooManyRefusedCredentials(retryAfterMs: number): CodedError {
  const message =
    'Too many credentials of this address were refused: wait, or raise "limits.maxRefusedSignInsPerAddress".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Creates the error of a frame whose client has used up its answers. */
export function tooManyAnswers(retryAfterMs: number): CodedError {
  const message =
    'The answers to this connection are much larger than what it sends: open streams and subscribe less often, or raise "limits.answerBytes".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}

/** Creates the error of a frame above the rate. */
export function rateLimited(retryAfterMs: number): CodedError {
  const message =
    'Too many frames or bytes in too little time: send less, or raise "limits.framesPerSecond" or "limits.bytesPerSecond".';
  return new CodedError(ErrorCode.RateLimited, message, { retryAfterMs });
}
