import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { StreamsLimits } from '../streams-limits.js';
import type { Upgrade } from './upgrade-request.js';
import { FrameBoundary } from './frame-boundary.js';
import { FrameJoiner, wireBytesOf } from './frame-joiner.js';
import { guardReceiver } from './receiver-guard.js';
import { destroyAfter } from './refuse-upgrade.js';
import { SharedPayload, type OutboundPayload } from './shared-payload.js';
import { Wire, type PreparedPayload, type WireReceiver } from './wire.js';
import { DEFLATE_THRESHOLD_BYTES, WsFrame } from './ws-frame.js';

const COMPRESSION = { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 1_024 };

// RFC 6455 §5.5: a control frame has at most 125 bytes, two of them for the code. All reasons are ASCII.
const MAX_REASON_LENGTH = 123;

// More bytes than a client has usually sent before it receives the close frame.
const MAX_BYTES_AFTER_CLOSE = 65_536;

/** Called with each new wire; returns its receiver. */
export type WireListener = (wire: Wire) => WireReceiver;

/** The directions in which messages may be compressed. */
export type Compression = 'off' | 'inbound' | 'both';

/** The terms of a server for its handshakes. */
export interface HandshakeTerms {
  /** The supported subprotocols; the client's order decides. */
  readonly subprotocols: readonly string[];
  readonly compression: Compression;
}

/** Completes WebSocket handshakes; the only code that uses ws. */
export class WsServer {
  private readonly server: WebSocketServer;
  private readonly joiner = new FrameJoiner();

  constructor(
    private readonly limits: StreamsLimits,
    private readonly terms: HandshakeTerms,
  ) {
    const { subprotocols, compression } = terms;
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: compression !== 'off' && COMPRESSION,
      maxPayload: limits.maxPayloadBytes,
      maxFragments: limits.maxFragments,
      maxBufferedChunks: limits.maxBufferedChunks,
      maxPendingAutoPongs: limits.maxPendingPongs,
      closeTimeout: limits.closeTimeoutMs,
      handleProtocols: (offered: Set<string>) =>
        [...offered].find((name) => subprotocols.includes(name)) ?? false,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
  }

  /** Answers an upgrade request with 101, or with 4xx if the handshake is malformed. */
  accept({ request, socket, head }: Upgrade, listen: WireListener): void {
    const { closeTimeoutMs } = this.limits;
    let isAccepted = false;
    this.server.handleUpgrade(request, socket, head, (ws) => {
      isAccepted = true;
      if (ws.extensions !== '') guardReceiver(ws);
      const isDeflated = this.terms.compression === 'both' && ws.extensions !== '' && takesAnyWindow(request);
      void new WsWire({ ws, socket, isDeflated, closeTimeoutMs, joiner: this.joiner }, listen);
    });
    if (!isAccepted) destroyAfter(socket);
  }

  /** Releases the frames that wires share within a turn of the event loop; called at its end. */
  turnEnded(): void {
    this.joiner.forget();
  }
}

/**
 * Returns true unless the client requests its own window; compressed frames are shared and use the default.
 */
function takesAnyWindow({ headers }: IncomingMessage): boolean {
  return !headers['sec-websocket-extensions']?.includes('server_max_window_bits');
}

interface Accepted {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  readonly isDeflated: boolean;
  readonly closeTimeoutMs: number;
  readonly joiner: FrameJoiner;
}

/** The maximum advance of inflated messages over counted bytes: one chunk. */
const MAX_COUNTED_AHEAD = 65_536;

/** A socket of HTTP or HTTPS. */
type CountingSocket = Duplex & { readonly bytesRead: number };

/** The key of a socket's wire, so that all sockets share their listeners. */
const WIRE = Symbol('nestwire.wire');

interface Wired {
  [WIRE]: WsWire;
}

const ofWebSocket = {
  message(this: Wired, data: Buffer, isBinary: unknown) {
    const wire = this[WIRE];
    wire.receiver.message(data, isBinary ? 'binary' : 'text', wire.isInflated ? wire.excessOf(data) : 0);
  },
  ping(this: Wired) {
    this[WIRE].receiver.control();
  },
  pong(this: Wired) {
    this[WIRE].receiver.control();
  },
  // After an error, ws itself closes with the right code.
  error(this: Wired, error: Error) {
    this[WIRE].receiver.faulty(error);
  },
  close(this: Wired, code: number) {
    this[WIRE].receiver.closed(code);
  },
};

/** Runs before the listener of ws, which delivers the messages of a chunk. */
function readingBegins(this: Wired): void {
  this[WIRE].receiver.reading();
}

const ofSocket = {
  drain(this: Wired) {
    this[WIRE].receiver.drained();
  },
  // Runs after the listener of ws.
  data(this: Wired, chunk: Buffer) {
    this[WIRE].follow(chunk);
    this[WIRE].receiver.caughtUp();
  },
  // ws also ends its side, but without a timeout for a peer that reads no data.
  end(this: Wired) {
    this[WIRE].peerEnded();
  },
};

class WsWire extends Wire {
  unfinishedSince = 0;
  readonly isInflated: boolean;
  readonly receiver: WireReceiver;
  private readonly ws: WebSocket;
  private readonly socket: Duplex;
  private readonly closeTimeoutMs: number;
  private readonly isDeflated: boolean;
  private readonly joiner: FrameJoiner;
  private readonly boundary = new FrameBoundary();
  private bytesAfterClose = 0;
  /** Received bytes that no message has been charged for yet. */
  private uncountedBytes = 0;

  constructor({ ws, socket, isDeflated, closeTimeoutMs, joiner }: Accepted, listen: WireListener) {
    super();
    this.ws = ws;
    this.socket = socket;
    this.isDeflated = isDeflated;
    this.joiner = joiner;
    this.closeTimeoutMs = closeTimeoutMs;
    this.isInflated = ws.extensions !== '';
    this.receiver = listen(this);
    Object.assign(ws, { [WIRE]: this });
    Object.assign(socket, { [WIRE]: this });
    socket.prependListener('data', readingBegins);
    for (const [event, listener] of Object.entries(ofWebSocket)) ws.on(event, listener as () => void);
    for (const [event, listener] of Object.entries(ofSocket)) socket.on(event, listener as () => void);
  }

  get subprotocol(): string {
    return this.ws.protocol;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  prepare(payload: OutboundPayload): PreparedPayload {
    if (payload instanceof SharedPayload) return this.formOf(payload.frame);
    // A short text is framed when it is written, together with the texts around it.
    const isFramedLater =
      typeof payload === 'string' && !(this.isDeflated && payload.length >= DEFLATE_THRESHOLD_BYTES);
    return isFramedLater ? payload : this.formOf(new WsFrame(payload));
  }

  bytesOf(payload: PreparedPayload): number {
    return wireBytesOf(payload);
  }

  get bytesRead(): number {
    return (this.socket as CountingSocket).bytesRead;
  }

  /** Writes frames directly to the socket; ws has no own queue here. */
  write(payloads: readonly PreparedPayload[], bytes: number): void {
    if (this.ws.readyState === this.ws.OPEN) this.socket.write(this.joiner.join(payloads, bytes));
  }

  private formOf(frame: WsFrame): Uint8Array {
    return this.isDeflated ? frame.deflated : frame.bytes;
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason.slice(0, MAX_REASON_LENGTH));
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** Called at the end of the peer's data: the rest must be sent within the close timeout. */
  peerEnded(): void {
    destroyAfter(this.socket, this.closeTimeoutMs);
  }

  /** Returns the received bytes beyond the inflated size, because compressed data can be larger. */
  excessOf({ length }: Buffer): number {
    // Messages that need no inflating are delivered before their chunk is counted.
    this.uncountedBytes = Math.max(-MAX_COUNTED_AHEAD, this.uncountedBytes - length);
    const excess = Math.max(0, this.uncountedBytes);
    this.uncountedBytes -= excess;
    return excess;
  }

  /** Updates the time since which a message is unfinished. */
  follow(chunk: Buffer): void {
    if (this.isInflated) this.uncountedBytes += chunk.length;
    // ws itself closes after a malformed frame and after the peer's close frame.
    if (this.ws.readyState !== this.ws.OPEN) return this.discard(chunk);
    this.boundary.feed(chunk);
    if (!this.boundary.isInside) this.unfinishedSince = 0;
    else if (!this.unfinishedSince) this.unfinishedSince = performance.now();
  }

  /** Stops reading from a peer that keeps sending, because ws would still unmask and inflate the data. */
  private discard({ length }: Buffer): void {
    this.bytesAfterClose += length;
    if (this.bytesAfterClose <= MAX_BYTES_AFTER_CLOSE) return;
    this.ws.pause();
    this.socket.end();
  }
}
