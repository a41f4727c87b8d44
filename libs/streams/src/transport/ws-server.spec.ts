import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { jest } from '@jest/globals';
import { DEFAULT_LIMITS } from '../streams-limits.js';
import { WsServer } from './ws-server.js';

const REFUSAL_MS = 5_000;

/** A socket whose peer reads nothing. */
class FullSocket extends Duplex {
  written = '';

  override _read(): void {}

  override _write(chunk: Buffer): void {
    this.written += chunk.toString();
  }
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('WsServer', () => {
  it('cuts off a client that does not take the refusal of its handshake', () => {
    const server = new WsServer(DEFAULT_LIMITS, { subprotocols: [], compression: 'off' });
    const headers = { upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'x' };
    const request = Object.assign(new EventEmitter(), {
      method: 'GET',
      headers,
    }) as unknown as IncomingMessage;
    const socket = new FullSocket();

    server.accept({ request, socket, head: Buffer.alloc(0) }, () => {
      throw new Error('This handshake is malformed.');
    });

    expect(socket.written).toMatch(/^HTTP\/1\.1 400 /);
    jest.advanceTimersByTime(REFUSAL_MS - 1);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  });
});
