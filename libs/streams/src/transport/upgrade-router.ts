import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { PendingAnswers } from './pending-answers.js';
import { refuseUpgrade, survive } from './refuse-upgrade.js';
import { isWebSocketUpgrade, returnToHttp } from './return-to-http.js';
import { TOO_EARLY, type Upgrade } from './upgrade-request.js';

/** Called with the target of a WebSocket request that nothing has handled. */
export type UnclaimedListener = (target: string) => void;

/** Handles an upgrade request; returns false when it is for another handler. */
export type UpgradeHandler = (upgrade: Upgrade) => boolean;

/** The handlers of a router, in order. */
export interface UpgradeRoutes {
  readonly take: UpgradeHandler;
  /** WebSocket listeners that run after the own handler. */
  readonly behind?: readonly UpgradeListener[];
  readonly unclaimed?: UnclaimedListener;
}

/** A listener of an HTTP server's `upgrade` event. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

const NOT_FOUND = { status: 404, message: 'Nothing is served at this path.' };
/** The time for other listeners to answer asynchronously. */
const UNCLAIMED_MS = 5_000;

/**
 * Listens to the upgrades of an HTTP server, and handles its own.
 *
 * Other upgrades are left to the other listeners of the server. If there are none, HTTP answers them.
 */
export class UpgradeRouter {
  private readonly route: UpgradeListener;
  private readonly answers: PendingAnswers;

  constructor(
    private readonly server: Server,
    { take, behind = [], unclaimed }: UpgradeRoutes,
  ) {
    this.answers = new PendingAnswers(server);
    this.route = (request, socket, head) => {
      survive(socket);
      const upgrade = { request, socket, head, earlier: this.answers.of(socket) };
      const isWebSocket = isWebSocketUpgrade(request);
      if (isWebSocket && take(upgrade)) return;
      if (isWebSocket && behind.length) {
        if (upgrade.earlier) return refuseUpgrade(upgrade, TOO_EARLY);
        for (const listener of behind) listener.call(server, request, socket, head);
        return;
      }
      const ignored = (): void => (isWebSocket ? unclaimed?.(request.url ?? '') : undefined);
      if (server.listenerCount('upgrade') > 1) return expectAnswer(upgrade, this.answers, ignored);
      ignored();
      returnToHttp(server, upgrade, this.answers);
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

/** Destroys a socket that no other listener answers. */
function expectAnswer({ socket, earlier }: Upgrade, answers: PendingAnswers, ignored: () => void): void {
  const before = bytesWritten(socket);
  const timer = setTimeout(() => {
    // Earlier responses also write bytes; such a socket counts as handled when it is read.
    const isClaimed = earlier ? isRead(socket) || socket.writableEnded : bytesWritten(socket) !== before;
    if (socket.destroyed || isClaimed) return;
    ignored();
    refuseUpgrade({ socket, earlier: answers.of(socket) }, NOT_FOUND);
  }, UNCLAIMED_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}

function bytesWritten(socket: Duplex): number {
  return (socket as CountedSocket).bytesWritten;
}

function isRead(socket: Duplex): boolean {
  return socket.listenerCount('data') + socket.listenerCount('readable') > 0;
}
