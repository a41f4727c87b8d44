import { CodedError, ErrorCode, messageNameOf } from '@nestwire/protocol';
import { finalize, fromEvent, isObservable, takeUntil, type Observable } from 'rxjs';

/** The session whose results are sent. */
export interface ResultOwner {
  readonly session: { readonly signal: AbortSignal };
  readonly maxResultStreams: number;
  /** Sends a message; returns a promise when the sender should wait. */
  push(message: object): void | Promise<void>;
  /** Reports the failure of a detached result. */
  fail(error: unknown): void;
}

/** Sends the results of the handlers of one session. */
export class ResultSender {
  private streams = 0;

  constructor(private readonly owner: ResultOwner) {}

  /**
   * Sends a message, an array, or all messages of an AsyncIterable or Observable.
   *
   * Iterables and Observables run detached until they or the session end.
   *
   * @returns a promise when the sender should wait for room
   * @throws {TypeError} for any other result, except undefined and null
   * @throws {CodedError} LIMIT_REACHED when the session has `maxResultStreams` detached results
   */
  send(result: unknown): void | Promise<void> {
    if (result === undefined || result === null) return undefined;
    if (messageNameOf((result as object).constructor)) return this.owner.push(result as object);
    if (Array.isArray(result)) return this.sendAll(result);
    if (isObservable(result)) return this.start(() => this.observe(result));
    if (isAsyncIterable(result)) return this.startIterating(result);
    throw notAMessage(result);
  }

  private sendAll(messages: readonly unknown[]): void | Promise<void> {
    let wait: void | Promise<void> = undefined;
    for (const message of messages) {
      if (!messageNameOf((message as object | undefined)?.constructor)) throw notAMessage(message);
      wait = this.owner.push(message as object);
    }
    return wait;
  }

  private startIterating(iterable: AsyncIterable<unknown>): void {
    const before = this.streams;
    try {
      this.start(() => void this.iterate(iterable));
    } finally {
      // An unread iterable would keep its resources until the end of the session.
      if (this.streams === before) void leave(iterable);
    }
  }

  private start(run: () => void): void {
    const { maxResultStreams } = this.owner;
    if (this.streams >= maxResultStreams) {
      const message = `${maxResultStreams} results of this session are still running: end some, or raise "limits.maxResultStreams".`;
      throw new CodedError(ErrorCode.LimitReached, message);
    }
    if (this.owner.session.signal.aborted) return;
    this.streams++;
    run();
  }

  private async iterate(iterable: AsyncIterable<unknown>): Promise<void> {
    const { signal } = this.owner.session;
    let stop: () => void = ignore;
    try {
      const iterator = iterable[Symbol.asyncIterator]();
      stop = () => void returnSafely(iterator);
      signal.addEventListener('abort', stop, { once: true });
      for (let next = await iterator.next(); !next.done && !signal.aborted; next = await iterator.next()) {
        await this.send(next.value);
      }
    } catch (error) {
      if (!signal.aborted) this.owner.fail(error);
      stop();
    } finally {
      signal.removeEventListener('abort', stop);
      this.streams--;
    }
  }

  private observe(observable: Observable<unknown>): void {
    const ended = fromEvent(this.owner.session.signal, 'abort');
    observable
      .pipe(
        takeUntil(ended),
        finalize(() => this.streams--),
      )
      .subscribe({
        next: (message) => this.sendSafely(message),
        error: (error: unknown) => this.owner.fail(error),
      });
  }

  /** Sends a result; reports a failure to the client and to the log. */
  sendSafely(message: unknown): void {
    try {
      void this.send(message);
    } catch (error) {
      this.owner.fail(error);
    }
  }
}

/** Ends an iterator; errors of the application's code are ignored. */
async function returnSafely(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Its own error was reported before, or the session has ended.
  }
}

/** Ends an unread iterable; errors of the application's code are ignored. */
async function leave(iterable: AsyncIterable<unknown>): Promise<void> {
  try {
    await returnSafely(iterable[Symbol.asyncIterator]());
  } catch {
    // The client receives the error of the limit.
  }
}

function ignore(): void {}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';
}

function notAMessage(value: unknown): Error {
  const name = typeof value === 'object' ? value?.constructor?.name : typeof value;
  return new TypeError(
    `A stream handler returned ${name ?? 'an object'}, which is not a message: return a message, an array, ` +
      'an AsyncIterable or an Observable of messages, or nothing.',
  );
}
