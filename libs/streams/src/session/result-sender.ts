import { CodedError, ErrorCode, messageNameOf } from '@nestwire/protocol';
import { finalize, fromEvent, isObservable, takeUntil, type Observable } from 'rxjs';

/** The session whose results are sent. */
export interface ResultOwner {
  readonly session: { readonly signal: AbortSignal };
  readonly maxResultStreams: number;
  /** Pushes a message; a promise when the sender should wait. */
  push(message: object): void | Promise<void>;
  /** Something that runs detached has failed. */
  fail(error: unknown): void;
}

/** Sends what the handlers of one session return. */
export class ResultSender {
  private streams = 0;

  constructor(private readonly owner: ResultOwner) {}

  /**
   * Sends a message, an array of messages, or all that an AsyncIterable or Observable will bring.
   *
   * Iterables and Observables run detached until they end or the session does.
   *
   * @returns a promise when the sender should wait for room
   * @throws {CodedError} NOT_A_MESSAGE for anything else but nothing
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
      // An iterable that nobody reads would hold what it has until the end of the session.
      if (this.streams === before) void leave(iterable);
    }
  }

  private start(run: () => void): void {
    const { maxResultStreams } = this.owner;
    if (this.streams >= maxResultStreams) {
      const message = `${maxResultStreams} results of this session still send: end some, or raise "limits.maxResultStreams".`;
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

  /** Sends like `send`; what cannot be sent is told to the client and logged. */
  sendSafely(message: unknown): void {
    try {
      void this.send(message);
    } catch (error) {
      this.owner.fail(error);
    }
  }
}

/** Ends an iterator; the application's code may fail at that, and nobody waits for it. */
async function returnSafely(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // Its own error came before, or nobody is there to hear of it.
  }
}

/** Ends an iterable that was not read; the application's code may fail at that, and nobody waits for it. */
async function leave(iterable: AsyncIterable<unknown>): Promise<void> {
  try {
    await returnSafely(iterable[Symbol.asyncIterator]());
  } catch {
    // The limit is the error that the client is told of.
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
