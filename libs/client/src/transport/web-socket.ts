import type { FramePayload } from '@nestwire/protocol/codec';

/** The part of a `WebSocket` that the client uses. */
export interface WebSocketLike {
  // `never`, because the event types of the DOM and of ws have nothing in common.
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  /** The subprotocol that the server has chosen. */
  readonly protocol: string;
  binaryType: string;
  send(payload: FramePayload): void;
  close(code?: number, reason?: string): void;
}

/** A class of sockets, such as the browser's WebSocket. */
export type WebSocketClass = new (url: string, subprotocols: string | string[]) => WebSocketLike;

/** Returns the global `WebSocket`, if there is one. */
export function globalWebSocket(): WebSocketClass | undefined {
  return (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
}
