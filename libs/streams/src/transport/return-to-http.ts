import type { IncomingMessage, Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { destroyAfter, endure } from './refuse-upgrade.js';
import type { PendingAnswers } from './pending-answers.js';
import type { Upgrade } from './upgrade-request.js';

/** The time limit of earlier responses; slower ones probably have no reader. */
const MAX_WAIT_MS = 60_000;

/** Returns true when a request offers WebSocket, possibly among other upgrades. */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return (headers.upgrade ?? '').split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket');
}

/**
 * Returns an upgrade request to HTTP, as a request without `Upgrade`.
 *
 * A listener of `upgrade` receives the sockets of all upgrade requests, and Node stops reading HTTP from
 * them. This function puts the head of the request back into the socket, without `Upgrade`, and the server
 * reads the socket as a new connection. Bodies and keep-alive work as before.
 */
export function returnToHttp(server: Server, upgrade: Upgrade, answers: PendingAnswers): void {
  const { request, socket, head } = upgrade;
  const response = answers.of(socket);
  // Responses must be in order, so earlier ones are written first.
  if (response) {
    const cancel = destroyAfter(socket, MAX_WAIT_MS);
    const redelivered = (): void => {
      cancel();
      returnToHttp(server, upgrade, answers);
    };
    return void response.once('close', () => setImmediate(redelivered));
  }
  if (socket.destroyed) return;
  socket.off('error', endure);
  socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), head]));
  // The first listener is Node's own and reads HTTP. Other listeners have seen this connection; one that
  // stores something per connection would store it again.
  const [readHttp] = server.rawListeners((socket as TLSSocket).encrypted ? 'secureConnection' : 'connection');
  readHttp?.call(server, socket);
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const lowerName = name.toLowerCase();
    if (lowerName === 'upgrade' || lowerName === 'http2-settings') continue;
    const kept = lowerName === 'connection' ? withoutUpgrade(value) : value;
    if (kept) lines.push(`${name}: ${kept}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !/^(upgrade|http2-settings)$/i.test(option)).join(', ');
}
