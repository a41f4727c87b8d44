import type { EndpointStream } from '../endpoint/endpoint-stream.js';
import type { SendOptions } from '../endpoint/send-options.js';
import type { Store } from './store.js';

/** The messages of one sender that have no answer yet, and its last failure. */
export interface SendState {
  /** The number of messages without an answer. */
  readonly pending: number;
  /** The error of the last message that failed; undefined after the next call of `send`. */
  readonly error: unknown;
}

/** Sends messages and keeps their state, for a form or a button. */
export interface Sender<In> {
  readonly state: Store<SendState>;
  /**
   * Sends a message; never rejects.
   *
   * Resolves to true when the server has handled it, to false when it failed; `state` then has the error.
   */
  readonly send: (message: In, options?: SendOptions) => Promise<boolean>;
}

const IDLE: SendState = { pending: 0, error: undefined };

/** Makes a sender for an endpoint. */
export function createSender<In>(
  endpoint: Pick<EndpointStream<In, unknown>, 'sendStreamMessage'>,
): Sender<In> {
  const listeners = new Set<() => void>();
  let value = IDLE;
  const set = (change: Partial<SendState>): void => {
    value = { ...value, ...change };
    for (const listener of [...listeners]) listener();
  };
  return {
    state: {
      initial: IDLE,
      get: () => value,
      subscribe(onChange) {
        const listener = (): void => onChange();
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    async send(message, options) {
      set({ pending: value.pending + 1, error: undefined });
      try {
        await endpoint.sendStreamMessage(message, options);
        set({ pending: value.pending - 1 });
        return true;
      } catch (error) {
        set({ pending: value.pending - 1, error });
        return false;
      }
    },
  };
}
