import type { Server } from 'node:http';
import { WebSocket } from 'ws';
import type { WebSocketClass } from '@nestwire/client';
import { CloseCode } from '@nestwire/protocol';
import type { ServerFrame } from '@nestwire/protocol/codec';
import { MemorySocket } from './memory-socket.js';

const GOAWAY = JSON.stringify({ t: 'goaway', spreadMs: 0 } satisfies ServerFrame);

/** Listens to the frames of all connections of a client. */
export interface LineTap {
  sent(line: number, text: string): void;
  received(line: number, text: string): void;
}

/** A server that clients connect to; one without its HTTP server refuses. */
interface Dialled {
  readonly server: Server | undefined;
}

/** The connections in memory of one client, which a test cuts, holds and leads to another server. */
export class ClientLines {
  /** The class of sockets for the client. */
  readonly webSocket: WebSocketClass;
  /** The number of the server for the next connection. */
  target = 0;
  isOnline = true;
  /** The connection that speaks now. */
  speaker: WebSocket | undefined;
  /** Called when the client gives up a connection that it does not read from. */
  onSilence: (() => void) | undefined;
  readonly #servers: readonly Dialled[];
  readonly #sockets = new Map<MemorySocket, Server | undefined>();
  readonly #lines: WebSocket[] = [];
  readonly #tap: LineTap | undefined;
  #socket: MemorySocket | undefined;

  constructor(servers: readonly Dialled[], tap?: LineTap) {
    this.#servers = servers;
    this.#tap = tap;
    this.webSocket = this.#class();
  }

  /** The number of the connection that speaks. */
  get line(): number {
    return this.#lines.indexOf(this.speaker!);
  }

  /** True when another connection than the speaking one is open. */
  get isHandover(): boolean {
    return this.#lines.some((other) => other !== this.speaker && isOpen(other));
  }

  /** The client reads nothing more until `resume`. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Cuts the connection, for both sides or for the client alone. */
  cut(how: 'both' | 'near'): void {
    if (how === 'both') this.#socket?.cut();
    else this.#socket?.cutNear();
  }

  /** Lets the server of the newest connection announce that it goes away; the next one leads to another. */
  handOver(target: number): void {
    this.target = target;
    this.#lines.findLast(isOpen)?.emit('message', Buffer.from(GOAWAY), false);
  }

  /** Ends the faults: only the newest connection is left. */
  heal(): void {
    this.isOnline = true;
    for (const socket of this.#sockets.keys()) if (socket !== this.#socket) socket.cut();
    this.resume();
  }

  /** Ends all connections, those that the client has left too. */
  cutAll(): void {
    for (const socket of this.#sockets.keys()) socket.cut();
  }

  /** Ends all connections to a server. */
  cutFrom(server: Server): void {
    for (const [socket, to] of this.#sockets) if (to === server) socket.cut();
  }

  #dial(): MemorySocket {
    const server = this.isOnline ? this.#servers[this.target]!.server : undefined;
    this.#socket = new MemorySocket(server);
    this.#sockets.set(this.#socket, server);
    return this.#socket;
  }

  #class(): WebSocketClass {
    const createConnection = () => this.#dial().stream;
    const begins = (line: WebSocket) => {
      this.#lines.push(line);
      return this.#socket;
    };
    const givesUp = (socket?: MemorySocket) => socket?.isPaused && this.onSilence?.();
    const speaks = (line: WebSocket, text: unknown) => {
      this.speaker = line;
      this.#tap?.received(this.line, String(text));
    };
    const sends = (line: WebSocket, text: unknown) =>
      this.#tap?.sent(this.#lines.indexOf(line), String(text));
    class MemoryWebSocket extends WebSocket {
      readonly #socket;

      constructor(url: string, subprotocols: string | string[]) {
        super(url, subprotocols, { createConnection: createConnection as never, perMessageDeflate: false });
        this.#socket = begins(this);
      }

      override emit(event: string | symbol, ...args: unknown[]): boolean {
        if (event === 'message') speaks(this, args[0]);
        return super.emit(event, ...args);
      }

      override close(code?: number): void {
        if (code === CloseCode.HeartbeatLost) givesUp(this.#socket);
        super.close(code);
      }

      override send(data: string): void {
        sends(this, data);
        super.send(data);
      }
    }
    return MemoryWebSocket as unknown as WebSocketClass;
  }
}

function isOpen({ readyState }: WebSocket): boolean {
  return readyState === WebSocket.OPEN;
}
