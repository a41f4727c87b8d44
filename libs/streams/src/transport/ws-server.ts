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

// RFC 6455 §5.5: a control frame holds 125 bytes, two of them the code. Our reasons are ASCII.
const MAX_REASON_LENGTH = 123;

// More than a client has under way when it hears of the end.
const MAX_BYTES_AFTER_CLOSE = 65_536;

/** Called with each new wire; returns what listens to it. */
export type WireListener = (wire: Wire) => WireReceiver;

/** Which way messages may be compressed. */
export type Compression = 'off' | 'inbound' | 'both';

/** What a server agrees to in its handshakes. */
export interface HandshakeTerms {
  /** The subprotocols that it has; of those that a client offers, the client's order decides. */
  readonly subprotocols: readonly string[];
  readonly compression: Compression;
}

/** Completes WebSocket handshakes; the only place that knows ws. */
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

  /** Answers an upgrade request with 101, or with 4xx where the handshake is malformed. */
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

  /** Releases what wires share within a turn of the event loop; called when all have written. */
  turnEnded(): void {
    this.joiner.forget();
  }
}

/** Frames are compressed once for all, so not for a client that has a window of its own. */
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

/** The most bytes of messages that stand against bytes of the wire which are read later: those of a chunk. */
const MAX_COUNTED_AHEAD = 65_536;

/** A socket of HTTP or HTTPS. */
type CountingSocket = Duplex & { readonly bytesRead: number };

/** Where a socket keeps its wire, so that all share their listeners. */
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
  // ws closes by itself after an error, with the code that the error calls for.
  error(this: Wired, error: Error) {
    this[WIRE].receiver.faulty(error);
  },
  close(this: Wired, code: number) {
    this[WIRE].receiver.closed(code);
  },
};

/** Comes before the listener of ws, which hands over the messages of a chunk. */
function readingBegins(this: Wired): void {
  this[WIRE].receiver.reading();
}

const ofSocket = {
  drain(this: Wired) {
    this[WIRE].receiver.drained();
  },
  // Behind the listener of ws.
  data(this: Wired, chunk: Buffer) {
    this[WIRE].follow(chunk);
    this[WIRE].receiver.caughtUp();
  },
  // ws ends its side too, without a clock for a peer that takes none of what is still to be written.
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
  /** Bytes that were read and that no message has been charged for yet. */
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
    // A short text is framed when it is written, together with its neighbours.
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

  /** ws keeps no queue of its own here, so whole frames may be written beside it. */
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

  /** The peer sends nothing more: what waits for it has as long as a closing handshake. */
  peerEnded(): void {
    destroyAfter(this.socket, this.closeTimeoutMs);
  }

  /** Returns by how much what was read exceeds the messages in it: compressed data can be larger than they are. */
  excessOf({ length }: Buffer): number {
    // The messages of a chunk that need no inflating come before the chunk is counted.
    this.uncountedBytes = Math.max(-MAX_COUNTED_AHEAD, this.uncountedBytes - length);
    const excess = Math.max(0, this.uncountedBytes);
    this.uncountedBytes -= excess;
    return excess;
  }

  /** Notes since when a message is unfinished. */
  follow(chunk: Buffer): void {
    if (this.isInflated) this.uncountedBytes += chunk.length;
    // ws also closes by itself: after a broken frame, and after the peer's close frame.
    if (this.ws.readyState !== this.ws.OPEN) return this.discard(chunk);
    this.boundary.feed(chunk);
    if (!this.boundary.isInside) this.unfinishedSince = 0;
    else if (!this.unfinishedSince) this.unfinishedSince = performance.now();
  }

  /** Stops reading from a peer that goes on sending: ws would unmask and inflate all of it. */
  private discard({ length }: Buffer): void {
    this.bytesAfterClose += length;
    if (this.bytesAfterClose <= MAX_BYTES_AFTER_CLOSE) return;
    this.ws.pause();
    this.socket.end();
  }
}
