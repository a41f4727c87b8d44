import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** How a WebSocket frame is written; the defaults make a valid text frame of a client. */
export interface RawFrame {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The three reserved bits, as in 0b100 for RSV1. */
  readonly rsv?: number;
  readonly masked?: boolean;
  readonly payload?: string | Uint8Array;
  /** The length to declare, where it is not that of the payload. */
  readonly declaredLength?: number | bigint;
  /** How many bytes the length takes: 1, 3 or 9; the shortest that fits by default. */
  readonly lengthBytes?: 1 | 3 | 9;
}

const DEADLINE_MS = 15_000;
const TEXT = 1;
const CLOSE = 8;

/** Writes one WebSocket frame, valid or not. */
export function rawFrame({
  opcode = TEXT,
  fin = true,
  rsv = 0,
  masked = true,
  ...rest
}: RawFrame = {}): Buffer {
  const payload = Buffer.from(rest.payload ?? '');
  const length = BigInt(rest.declaredLength ?? payload.length);
  const lengthBytes = rest.lengthBytes ?? (length < 126n ? 1 : length <= 0xffffn ? 3 : 9);
  const header = Buffer.alloc(1 + lengthBytes);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = (masked ? 0x80 : 0) | (lengthBytes === 1 ? Number(length) : lengthBytes === 3 ? 126 : 127);
  if (lengthBytes === 3) header.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 9) header.writeBigUInt64BE(length, 2);
  if (!masked) return Buffer.concat([header, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]);
}

/** Writes a text frame that holds JSON. */
export function jsonFrame(value: unknown): Buffer {
  return rawFrame({ payload: typeof value === 'string' ? value : JSON.stringify(value) });
}

/** A TCP connection to a WebSocket server that sends whatever bytes a test wants, and keeps what comes back. */
export class RawSocket {
  /** The status of the HTTP answer, once it came. */
  status: number | undefined;
  /** The HTTP answer's head. */
  head = '';
  /** The bytes after the HTTP answer, if it is no WebSocket. */
  body = '';
  /** The JSON frames that came. */
  readonly frames: Array<Record<string, unknown>> = [];
  /** The control frames that came: opcode and payload. */
  readonly controls: Array<{ opcode: number; payload: Buffer }> = [];
  /** The code of the close frame that came. */
  closeCode: number | undefined;
  isEnded = false;
  private static readonly open = new Set<RawSocket>();
  private buffer = Buffer.alloc(0);
  private changed: Array<() => void> = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => this.receive(chunk as Buffer));
    socket.on('error', () => undefined);
    RawSocket.open.add(this);
    socket.on('close', () => {
      RawSocket.open.delete(this);
      this.isEnded = true;
      this.notify();
    });
  }

  static async connect(port: number): Promise<RawSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const raw = new RawSocket(socket);
    await once(socket, 'connect');
    return raw;
  }

  /** Connects and completes the WebSocket handshake. */
  static async upgrade(
    port: number,
    path = '/streams',
    headers: Record<string, string> = {},
  ): Promise<RawSocket> {
    const raw = await RawSocket.connect(port);
    raw.send(upgradeRequest({ path, headers }));
    await raw.until(() => raw.status !== undefined || raw.isEnded);
    return raw;
  }

  /** Connects, completes the handshake, says hello and hears welcome. */
  static async hello(port: number, token?: string): Promise<RawSocket> {
    const raw = await RawSocket.upgrade(port);
    raw.sendJson({ t: 'hello', v: 1, token });
    await raw.frame('welcome');
    return raw;
  }

  /** Destroys all sockets but those to keep, so that a failed test leaves nothing to the next. */
  static destroyAllBut(...kept: RawSocket[]): void {
    for (const raw of RawSocket.open) if (!kept.includes(raw)) raw.destroy();
  }

  send(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  sendJson(value: unknown): void {
    this.send(jsonFrame(value));
  }

  /** Resolves with the first frame of this type (and this id) that came or will come. */
  async frame(t: string, id?: number): Promise<Record<string, unknown>> {
    const find = () => this.frames.find((frame) => frame.t === t && (id === undefined || frame.id === id));
    await this.until(() => find() !== undefined || this.isEnded);
    const frame = find();
    if (!frame)
      throw new Error(
        `The connection ended (${this.closeCode}) without "${t}"; frames: ${JSON.stringify(this.frames)}`,
      );
    return frame;
  }

  /** Resolves with the close code, or 1006 when the connection ended without one. */
  async closing(): Promise<number> {
    await this.until(() => this.closeCode !== undefined || this.isEnded);
    return this.closeCode ?? 1006;
  }

  /** Resolves when the connection has ended. */
  async ended(): Promise<void> {
    await this.until(() => this.isEnded);
  }

  /** Resolves when the condition holds; rejects after a deadline. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(`Nothing happened; status ${this.status}, frames ${JSON.stringify(this.frames)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.changed.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  private notify(): void {
    for (const resolve of this.changed.splice(0)) resolve();
  }

  private receive(chunk: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    if (this.status === undefined) this.readHead();
    if (this.status === 101) while (this.readFrame());
    else if (this.status !== undefined) this.body += this.buffer.toString();
    this.notify();
  }

  private readHead(): void {
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.head = this.buffer.subarray(0, end).toString();
    this.status = Number(this.head.split(' ')[1]);
    this.buffer = this.buffer.subarray(end + 4);
  }

  private readFrame(): boolean {
    const { buffer } = this;
    if (buffer.length < 2) return false;
    const short = buffer[1]! & 0x7f;
    const offset = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (buffer.length < offset) return false;
    const length =
      short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
    if (buffer.length < offset + length) return false;
    this.take(buffer[0]! & 0x0f, buffer.subarray(offset, offset + length));
    this.buffer = buffer.subarray(offset + length);
    return true;
  }

  private take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.frames.push(JSON.parse(payload.toString()) as Record<string, unknown>);
    else this.controls.push({ opcode, payload: Buffer.from(payload) });
    if (opcode === CLOSE) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
  }
}

/** The parts of an upgrade request. */
export interface UpgradeRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Writes an upgrade request; a header given as undefined is left out, given as a list repeated. */
export function upgradeRequest({
  method = 'GET',
  path = '/streams',
  headers = {},
}: UpgradeRequest = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((item) => `${name}: ${item as string}`),
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
