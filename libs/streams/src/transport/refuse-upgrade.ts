import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { UpgradeRefusal } from './upgrade-request.js';

/** Answers an upgrade request with an HTTP status and closes the socket. */
export function refuseUpgrade(socket: Duplex, { status, message, headers = {} }: UpgradeRefusal): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(message)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${message}`);
}

/** Lets a socket that HTTP handed over fail without harm. */
export function survive(socket: Duplex): void {
  socket.off('error', endure);
  socket.on('error', endure);
}

/** Ends a socket that failed; one function for all, so that a socket has it once. */
export function endure(this: Duplex): void {
  this.destroy();
}
