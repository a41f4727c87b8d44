import type { EndpointStream } from '../endpoint/endpoint-stream.js';
import type { SendOptions } from '../endpoint/send-options.js';
import { addListener, callListeners, type Listeners } from '../listeners.js';
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
  const listeners: Listeners = new Set();
  let value = IDLE;
  const count = (change: number, error?: unknown): void => {
    value = { pending: value.pending + change, error };
    callListeners(listeners, console.warn);
  };
  return {
    state: {
      initial: IDLE,
      get: () => value,
      subscribe: (onChange) => addListener(listeners, () => onChange()),
    },
    async send(message, options) {
      count(1);
      try {
        await endpoint.sendStreamMessage(message, options);
        count(-1, value.error);
        return true;
      } catch (error) {
        count(-1, error);
        return false;
      }
    },
  };
}
