import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Upgrade, UpgradeRefusal } from './upgrade-request.js';

/** A client that takes neither its answers nor the end of its connection is cut off after this time. */
const REFUSAL_MS = 5_000;

/**
 * Answers an upgrade request with an HTTP status and closes the socket.
 *
 * The answers to earlier requests leave first: a client would take this one for theirs.
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
 * Destroys a socket unless it closes before, or the returned function is called.
 *
 * HTTP has no clock for a socket that it handed over.
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

/** Lets a socket that HTTP handed over fail without harm. */
export function survive(socket: Duplex): void {
  socket.off('error', endure);
  socket.on('error', endure);
}

/** Ends a socket that failed; one function for all, so that a socket has it once. */
export function endure(this: Duplex): void {
  this.destroy();
}
