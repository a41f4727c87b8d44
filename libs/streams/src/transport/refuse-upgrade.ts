import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Upgrade, UpgradeRefusal } from './upgrade-request.js';

/** The time after which the socket of a client that reads no responses is destroyed. */
const REFUSAL_MS = 5_000;

/**
 * Answers an upgrade request with an HTTP status and closes the socket.
 *
 * Responses to earlier requests are written first, because the client matches responses by order.
 */
export function refuseUpgrade(
  { socket, earlier }: Pick<Upgrade, 'socket' | 'earlier'>,
  why: UpgradeRefusal,
): void {
  destroyAfter(socket);
  if (!earlier) return writeRefusal(socket, why);
  earlier.once('close', () => {
    if (socket.writable) writeRefusal(socket, why);
  });
}

/**
 * Destroys a socket after a delay, unless it closes first.
 *
 * The returned function cancels the delay.
 *
 * HTTP has no timeout for a socket of an upgrade.
 */
export function destroyAfter(socket: Duplex, delayMs = REFUSAL_MS): () => void {
  const timer = setTimeout(() => socket.destroy(), delayMs).unref();
  const cancel = (): void => {
    clearTimeout(timer);
    socket.off('close', cancel);
  };
  socket.once('close', cancel);
  return cancel;
}

function writeRefusal(socket: Duplex, { status, message, headers = {} }: UpgradeRefusal): void {
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

/** Handles errors of a socket of an upgrade, so that they do not end the process. */
export function survive(socket: Duplex): void {
  socket.off('error', endure);
  socket.on('error', endure);
}

/**
 * Destroys a failed socket.
 *
 * One function for all sockets, so that a socket has it only once.
 */
export function endure(this: Duplex): void {
  this.destroy();
}
