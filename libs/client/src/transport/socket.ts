import { JSON_SUBPROTOCOL } from '@nestwire/protocol';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/** What hears a socket. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** The socket is gone; code 1006 where there was no close frame. */
  ended(code: number, reason: string): void;
}

/**
 * Opens a WebSocket.
 *
 * @throws whatever the platform throws for an address that it does not take
 */
export function openSocket(WebSocket: WebSocketClass, url: string, events: SocketEvents): WebSocketLike {
  const socket = new WebSocket(url, JSON_SUBPROTOCOL);
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }: { data: unknown }) => typeof data === 'string' && events.received(data);
  // `close` follows, and says more.
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => events.ended(code, reason);
  return socket;
}

/** Closes a socket, which reports nothing more; resolves when it is closed. */
export function closeSocket(socket: WebSocketLike, code: number): Promise<void> {
  socket.onopen = socket.onmessage = null;
  return new Promise((resolve) => {
    socket.onclose = () => resolve();
    socket.close(code);
  });
}
