import { WebSocket, type ClientOptions } from 'ws';

const MAX_PAYLOAD_BYTES = 16_777_216;
const CLOSE_TIMEOUT_MS = 2_000;

/** A WebSocket for Node with the limits of a browser. */
export class NodeWebSocket extends WebSocket {
  constructor(url: string, subprotocols: string | string[]) {
    const options: ClientOptions & { closeTimeout: number } = {
      maxPayload: MAX_PAYLOAD_BYTES,
      perMessageDeflate: false,
      closeTimeout: CLOSE_TIMEOUT_MS,
    };
    super(url, subprotocols, options);
  }
}
