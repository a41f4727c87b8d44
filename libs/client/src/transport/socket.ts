import { JSON_SUBPROTOCOL } from '@nestwire/protocol';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/** What a socket reports. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** The socket is gone; code 1006 where there was no close frame. */
  ended(code: number, reason: string): void;
}

/** One WebSocket, from the attempt to open it to its end. */
export class Socket {
  readonly #socket: WebSocketLike;

  /** @throws whatever the platform throws for an address that it does not take */
  constructor(WebSocket: WebSocketClass, url: string, { opened, received, ended }: SocketEvents) {
    const socket = (this.#socket = new WebSocket(url, JSON_SUBPROTOCOL));
    socket.onopen = opened;
    socket.onmessage = ({ data }) => typeof data === 'string' && received(data);
    // `close` follows, and says more.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }) => ended(code, reason);
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** Closes a socket that has not ended; it reports nothing more. Resolves when it is closed. */
  close(code: number): Promise<void> {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = null;
    return new Promise((resolve) => {
      socket.onclose = () => resolve();
      socket.close(code);
    });
  }
}
