import type { CodedError } from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { ClientClock } from '../transport/clock.js';

/** The limits of a pending promise. */
export interface Limits {
  readonly clock: ClientClock;
  /** Undefined for no time limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A promise that is settled from outside. */
export class Pending<T = void> {
  declare settled?: true;
  /** Resolves the promise, or rejects it with an error; later calls do nothing. */
  declare settle: (error?: CodedError, value?: T) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.settle = (error, value) => {
      this.settled = true;
      this.#release?.();
      if (error) reject(error);
      else resolve(value!);
    };
  });
  #release?: () => void;

  /** Rejects the promise after a time, or when a signal aborts. */
  limit({ clock, timeoutMs, signal }: Limits, late?: () => CodedError | undefined): void {
    const abort = () => this.settle(clientError('ABORTED', undefined, { cause: signal?.reason }));
    const cancel =
      timeoutMs === undefined
        ? timeoutMs
        : clock.after(timeoutMs, () => this.settle(late?.() ?? clientError('ANSWER_TIMEOUT')));
    this.#release = () => {
      cancel?.();
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  }
}
