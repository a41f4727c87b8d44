import type { Server } from 'node:http';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { StreamsServer } from './streams-server.js';
import { SET_STREAM_HANDLER, StreamsAdapter } from './transport/streams.adapter.js';
import type { UpgradeHandler } from './transport/upgrade-router.js';
import { UpgradeRouter, type UpgradeListener, type UpgradeRoutes } from './transport/upgrade-router.js';

const WITHOUT_TIMEOUTS =
  'The HTTP server has neither "headersTimeout" nor "requestTimeout": unfinished requests stay open for good. ' +
  'Set one of them on app.getHttpServer().';

interface WithBeforeClose {
  beforeClose?: () => Promise<void> | void;
}

/** Attaches the streams server at the application's start; drains it at the end. */
@Injectable()
export class StreamsLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Streams');

  constructor(
    @Inject(StreamsServer) private readonly server: StreamsServer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    // Set before gateways are registered, because without an adapter Nest loads that of Socket.IO.
    if (!config.getIoAdapter()) config.setIoAdapter(new StreamsAdapter(host));
  }

  async onApplicationBootstrap(): Promise<void> {
    const http = this.host.httpAdapter?.getHttpServer() as Server | undefined;
    if (!http) return this.logger.warn('No HTTP server: streams are not served in this application.');
    const handler: UpgradeHandler = (upgrade) => this.server.handleUpgrade(upgrade);
    const unclaimed = (target: string): void => this.server.logUnclaimed(target);
    const adapter: unknown = this.config.getIoAdapter();
    if (adapter instanceof StreamsAdapter) adapter[SET_STREAM_HANDLER](handler, unclaimed);
    else takeOver(http, { take: handler, unclaimed });
    this.drainBeforeClose();
    if (!http.headersTimeout && !http.requestTimeout) this.logger.warn(WITHOUT_TIMEOUTS);
    await this.server.start();
  }

  /** Drains on Nest 11, which has no `beforeClose`; this is its first hook of a shutdown. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.shutDown();
  }

  private async shutDown(): Promise<void> {
    const http = this.host.httpAdapter?.getHttpServer() as Server | undefined;
    // The server keeps its open connections.
    if (this.server.closeListener === 'first' && http?.listening) http.close();
    await this.server.drain();
  }

  /** Drains before every shutdown hook, so that all providers are still usable. */
  private drainBeforeClose(): void {
    // Nest 11 has no `beforeClose` in its types.
    const adapter: WithBeforeClose = this.host.httpAdapter;
    const original = adapter.beforeClose?.bind(adapter);
    adapter.beforeClose = async () => {
      await this.shutDown();
      await original?.();
    };
  }
}

/** Puts the handler before the listeners of another adapter, which may destroy unknown sockets. */
function takeOver(http: Server, routes: UpgradeRoutes): void {
  const behind = http.listeners('upgrade') as UpgradeListener[];
  http.removeAllListeners('upgrade');
  void new UpgradeRouter(http, { ...routes, behind });
}
