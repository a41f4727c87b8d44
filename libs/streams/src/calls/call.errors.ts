import { CodedError, ErrorCode } from '@nestwire/protocol';
import { asRefusal } from '../validation/refusal.js';

/** Creates the error of a call that the client has cancelled. */
export function cancelled(): CodedError {
  return new CodedError(ErrorCode.Cancelled, 'The client cancelled the call.');
}

/** Creates the error of a call whose deadline has passed. */
export function deadlineExceeded(timeoutMs: number): CodedError {
  const message = `The call did not end within its deadline of ${timeoutMs} ms: give it more time with "timeoutMs".`;
  return new CodedError(ErrorCode.DeadlineExceeded, message);
}

/** Creates the error of a session with too many calls. */
export function tooManyCalls(limit: number): CodedError {
  const message =
    `${limit} calls of this stream have not ended: wait for some, or raise "limits.maxCalls". ` +
    'A cancelled call counts until its method has settled.';
  return new CodedError(ErrorCode.TooManyCalls, message, { retryAfterMs: 100 });
}

/** Creates the error of a client that sends items beyond the window of its call. */
export function windowExceeded(limit: string): CodedError {
  const message = `More than ${limit} of this call are not consumed: wait for "credit" before you send more.`;
  return asRefusal(new CodedError(ErrorCode.CallWindowExceeded, message)) as CodedError;
}

/** Creates the error of credit for more items than were sent. */
export function excessCredit(consumed: number, sent: number): CodedError {
  const message = `"consumed" is ${consumed}, but only ${sent} items were sent: count the items received.`;
  return asRefusal(new CodedError(ErrorCode.BadFrame, message)) as CodedError;
}

/** Creates the error of an item in a call that takes none, or no more. */
export function unexpectedItem(): CodedError {
  const message =
    'The call takes no items, or its items are over: set "items" in "call", and send none after "end".';
  return asRefusal(new CodedError(ErrorCode.BadFrame, message)) as CodedError;
}

/** Creates the error of too many waiting requests and items of a connection. */
export function tooManyItemBytes(limit: number): CodedError {
  const message =
    `More than ${limit} bytes of requests and items would wait for the methods of this connection: ` +
    'send less at once, or raise "limits.maxPendingBytes".';
  return asRefusal(new CodedError(ErrorCode.Busy, message, { retryAfterMs: 100 })) as CodedError;
}

/** Creates the error of an Observable that emits faster than its client reads. */
export function observableOverflow(limit: number): CodedError {
  const message =
    `${limit} items of an Observable wait for the client, and it cannot be paused: ` +
    'return an AsyncIterable, or raise "limits.maxObservedItems".';
  return new CodedError(ErrorCode.ReaderOverflow, message);
}

/** Creates the error of a call that cannot continue without its client. */
export function notResumable(method: string): CodedError {
  const message = `Calls of "${method}" cannot be resumed: set the option "resumable" of its @StreamMethod().`;
  return new CodedError(ErrorCode.NotResumable, message);
}
