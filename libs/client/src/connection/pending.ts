import type { CodedError } from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { Clock } from '../transport/clock.js';

/** The limits of a pending promise. */
export interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A promise that is settled from outside. */
export class Pending {
  declare settled?: true;
  /** Resolves the promise, or rejects it with an error; later calls do nothing. */
  declare settle: (error?: CodedError) => void;
  readonly promise = new Promise<void>((resolve, reject) => {
    this.settle = (error) => {
      this.settled = true;
      this.#release?.();
      if (error) reject(error);
      else resolve();
    };
  });
  #release?: () => void;

  /** Rejects the promise after a time, or when a signal aborts. */
  limit({ clock, timeoutMs, signal }: Limits, late?: () => CodedError | undefined): void {
    const abort = () => this.settle(clientError('ABORTED', undefined, { cause: signal?.reason }));
    const cancel = clock.after(timeoutMs, () => this.settle(late?.() ?? clientError('ANSWER_TIMEOUT')));
    this.#release = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  }
}
