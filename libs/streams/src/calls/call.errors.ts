import { CodedError, ErrorCode, type WireError } from '@nestwire/protocol';
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

/** Creates the error of a call that nobody has read for its time. */
export function withoutReader(forMs: number): CodedError {
  return new CodedError(
    ErrorCode.Cancelled,
    `The call had no reader for ${forMs} ms: raise "resumable.forMs".`,
  );
}

/** Creates the error of a resumable call with too many items. */
export function tooManyStored(items: number, characters: number): CodedError {
  const message = `A resumable call stores at most ${items} items and ${characters} characters: end it earlier, and start another one.`;
  return new CodedError(ErrorCode.LimitReached, message);
}

/** Creates the error of a user with too many resumable calls. */
export function tooManyResumable(limit: number): CodedError {
  const message =
    `${limit} resumable calls of this user or address run on this server: end some, or raise ` +
    '"limits.maxResumableCalls".';
  return new CodedError(ErrorCode.TooManyCalls, message, { retryAfterMs: 1_000 });
}

/** Creates the error of a call that is not stored, or belongs to somebody else. */
export function callUnknown(): CodedError {
  const message =
    'This call is unknown: it belongs to another user or method, or the time to resume it is over.';
  return asRefusal(new CodedError(ErrorCode.CallUnknown, message)) as CodedError;
}

/** Creates the error of a reader whose call another reader has taken over. */
export function takenOver(): CodedError {
  return new CodedError(ErrorCode.CallTakenOver, 'Another reader continues this call.');
}

/** Creates the error of a call whose server has died or shuts down. */
export function callLost(): CodedError {
  return new CodedError(ErrorCode.CallLost, 'The server of this call is gone, so the call cannot continue.');
}

/** Returns the error of a call that did not start, as its store did not answer. */
export function notStarted(): WireError {
  const message = 'The call did not start, because the store of calls did not answer: call again.';
  return { code: 'UNAVAILABLE', message };
}

/** Creates the error of a method that returns or yields no message. */
export function notAnItem(method: string, value: unknown): TypeError {
  const name = typeof value === 'object' ? (value?.constructor?.name ?? 'null') : typeof value;
  return new TypeError(
    `The stream method "${method}" returned or yielded ${name}, which is not a message: return a message, nothing, ` +
      'or an AsyncIterable or an Observable of messages.',
  );
}
