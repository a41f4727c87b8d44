import type { IncomingMessage, Server } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { refuseUpgrade } from './refuse-upgrade.js';
import { TOO_EARLY, type Upgrade } from './upgrade-request.js';
import {
  UpgradeRouter,
  type UnclaimedListener,
  type UpgradeHandler,
  type UpgradeListener,
} from './upgrade-router.js';

type HttpServer = Server<typeof IncomingMessage>;

const HTTP_SERVER_PORT = 0;

/** The key of `StreamsAdapter` for setting the handler of streams. */
export const SET_STREAM_HANDLER = Symbol('setStreamHandler');

/**
 * Nest's WebSocket adapter with streams and ordinary gateways on one port.
 *
 * `StreamsModule` installs it if no adapter is set; `app.useWebSocketAdapter(new StreamsAdapter(app))` is the
 * explicit form. One listener routes each upgrade: to streams, to a gateway by its path, to other listeners
 * of the server, or back to HTTP.
 */
export class StreamsAdapter extends WsAdapter {
  private streams: UpgradeHandler | undefined;
  private readonly host: HttpAdapterHost | undefined;
  private unclaimed: UnclaimedListener | undefined;
  private detach: (() => void) | undefined;

  constructor(
    app: INestApplicationContext | HttpAdapterHost,
    options?: ConstructorParameters<typeof WsAdapter>[1],
  ) {
    super(app instanceof HttpAdapterHost ? undefined : app, options);
    if (!(app instanceof HttpAdapterHost)) return;
    this.host = app;
    // Express creates its server after the providers, so it is read on each access.
    Object.defineProperty(this, 'httpServer', {
      get: () => this.host?.httpAdapter?.getHttpServer() as unknown,
      set: () => undefined,
      configurable: true,
    });
  }

  /** Registers the handler of streams, which comes first; `unclaimed` is called for unhandled requests. */
  [SET_STREAM_HANDLER](handler: UpgradeHandler, unclaimed?: UnclaimedListener): void {
    this.streams = handler;
    this.unclaimed = unclaimed;
    this.ensureHttpServerExists(HTTP_SERVER_PORT, this.httpServer as HttpServer);
  }

  override async dispose(): Promise<void> {
    this.detach?.();
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, server?: HttpServer): HttpServer | undefined {
    if (port !== HTTP_SERVER_PORT || !server || this.httpServersRegistry.has(port)) {
      return super.ensureHttpServerExists(port, server);
    }
    const gateways = new UpgradeCapture(server);
    // The base class only calls `on()` of the server.
    super.ensureHttpServerExists(port, gateways as unknown as HttpServer);
    const router = new UpgradeRouter(server, {
      take: (upgrade) => this.take(gateways, upgrade),
      unclaimed: (target) => this.unclaimed?.(target),
    });
    this.detach = () => router.close();
    return server;
  }

  private take(gateways: UpgradeCapture, upgrade: Upgrade): boolean {
    const { request, socket, head } = upgrade;
    if (this.streams?.(upgrade)) return true;
    const path = request.url?.split('?')[0];
    const servers = this.wsServersRegistry.get(HTTP_SERVER_PORT) as
      ReadonlyArray<{ path?: string }> | undefined;
    if (!gateways.listener || !servers?.some((server) => server.path === path)) return false;
    if (upgrade.earlier) refuseUpgrade(upgrade, TOO_EARLY);
    else gateways.listener(request, socket, head);
    return true;
  }
}

/** Replaces the HTTP server for `WsAdapter`, and stores its upgrade listener instead of attaching it. */
class UpgradeCapture {
  listener: UpgradeListener | undefined;

  constructor(private readonly server: HttpServer) {}

  on(_event: 'upgrade', listener: UpgradeListener): this {
    this.listener = listener;
    return this;
  }

  off(): this {
    return this;
  }

  close(done?: () => void): this {
    this.server.close(done);
    return this;
  }
}
