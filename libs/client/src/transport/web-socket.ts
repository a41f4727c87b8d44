/** The part of a `WebSocket` that the client uses. */
export interface WebSocketLike {
  // `any`: the DOM's and ws's event types have no common supertype that both accept here.
  onopen: ((event: any) => unknown) | null;
  onmessage: ((event: any) => unknown) | null;
  onerror: ((event: any) => unknown) | null;
  onclose: ((event: any) => unknown) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** A class of WebSockets, such as the browser's. */
export type WebSocketClass = new (url: string, subprotocol: string) => WebSocketLike;

/** Returns the platform's own `WebSocket`, where there is one. */
export function globalWebSocket(): WebSocketClass | undefined {
  return (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
}
