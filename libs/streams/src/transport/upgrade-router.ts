import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { PendingAnswers } from './pending-answers.js';
import { refuseUpgrade, survive } from './refuse-upgrade.js';
import { isWebSocketUpgrade, returnToHttp } from './return-to-http.js';
import type { UpgradeHandler } from './streams.adapter.js';

/** A listener of an HTTP server's `upgrade` event. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const NOT_FOUND = { status: 404, message: 'Nothing is served at this path.' };
/** Other listeners may look something up before they answer. */
const UNCLAIMED_MS = 5_000;

/**
 * Listens to the upgrades of an HTTP server, and takes those that are for it.
 *
 * Others are left to the other listeners of the server. Where there are none, HTTP answers them.
 */
export class UpgradeRouter {
  private readonly route: UpgradeListener;
  private readonly answers: PendingAnswers;

  constructor(
    private readonly server: Server,
    take: UpgradeHandler,
    /** Listeners that this one stands before; they speak WebSocket alone. */
    behind: readonly UpgradeListener[] = [],
  ) {
    this.answers = new PendingAnswers(server);
    this.route = (request, socket, head) => {
      survive(socket);
      const isWebSocket = isWebSocketUpgrade(request);
      if (isWebSocket && take({ request, socket, head })) return;
      if (isWebSocket && behind.length) {
        for (const listener of behind) listener.call(server, request, socket, head);
      } else if (server.listenerCount('upgrade') > 1) expectAnswer(socket as CountedSocket);
      else returnToHttp(server, { request, socket, head }, this.answers);
    };
    server.on('upgrade', this.route);
  }

  /** Stops listening. */
  close(): void {
    this.server.off('upgrade', this.route);
    this.answers.close();
  }
}

type CountedSocket = Duplex & { readonly bytesWritten: number };

/** Ends a socket that no other listener answers. */
function expectAnswer(socket: CountedSocket): void {
  const before = socket.bytesWritten;
  const timer = setTimeout(() => {
    if (!socket.destroyed && socket.bytesWritten === before) refuseUpgrade(socket, NOT_FOUND);
  }, UNCLAIMED_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
