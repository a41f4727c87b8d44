import { CodedError, type ErrorFrame } from '@nestwire/protocol';
import { clientError } from '../client-error.js';
import type { ResolvedOptions } from '../client-options.js';
import { Deferred } from './deferred.js';

/** The `auth` frames that wait for their answer. */
export class SignIn {
  readonly #waiting = new Map<unknown, Deferred>();

  /** Resolves when the frame with this id is accepted; rejects when it is refused or not answered. */
  expect(id: number, { clock, timeoutMs }: ResolvedOptions): Promise<void> {
    const answer = new Deferred();
    this.#waiting.set(id, answer);
    const timer = clock.setTimeout(() => {
      answer.reject(clientError('ANSWER_TIMEOUT', `No answer to authenticate() within ${timeoutMs} ms.`));
    }, timeoutMs);
    return answer.promise.finally(() => {
      clock.clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  answer(id: unknown): void {
    this.#waiting.get(id)?.resolve();
  }

  /** Takes an error frame; returns whether it was the answer to an `auth` frame. */
  refuse({ id, error }: ErrorFrame): boolean {
    const answer = this.#waiting.get(id);
    answer?.reject(CodedError.fromWire(error));
    return !!answer;
  }

  /** Lets what is waiting settle by the next connection, which carries a new credential. */
  follow(connected: Promise<void>): void {
    for (const answer of this.#waiting.values()) answer.resolve(connected);
  }
}
