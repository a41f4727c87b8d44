// The code of docs/configuration.md; compiled with the tests.
import type { Server } from 'node:http';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createStreamClient } from '@nestwire/client';
import { MessagesModule } from '@nestwire/messages';
import {
  StreamsModule,
  type StreamsOf,
  type StreamsOptions,
  type StreamsOptionsFactory,
} from '@nestwire/streams';
import { AppAuthenticator, BoardEndpoint, Said, Say, TokensModule } from './authentication.js';

// #region static
@Module({
  imports: [
    StreamsModule.forRoot({
      authenticator: AppAuthenticator,
      imports: [TokensModule],
      redis: process.env.REDIS_URL,
      trustProxy: 1,
      heartbeat: { pingMs: 15_000 },
      limits: { maxPayloadBytes: 262_144 },
    }),
  ],
})
export class AppModule {}
// #endregion static

@Injectable()
export class SettingsService {
  readonly redisUrl: string | undefined = process.env.REDIS_URL;
}

@Module({ providers: [SettingsService], exports: [SettingsService] })
export class SettingsModule {}

// #region async
@Module({
  imports: [
    StreamsModule.forRootAsync({
      authenticator: AppAuthenticator,
      imports: [TokensModule, SettingsModule],
      inject: [SettingsService],
      useFactory: (settings: SettingsService) => ({ redis: settings.redisUrl }),
    }),
  ],
})
export class LateAppModule {}
// #endregion async

// #region class
@Injectable()
export class StreamsSettings implements StreamsOptionsFactory {
  constructor(private readonly settings: SettingsService) {}

  createStreamsOptions(): StreamsOptions {
    return { redis: this.settings.redisUrl };
  }
}

@Module({
  imports: [StreamsModule.forRootAsync({ imports: [SettingsModule], useClass: StreamsSettings })],
})
export class ClassAppModule {}
// #endregion class

// #region http
export async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, { forceCloseConnections: true }); // at the shutdown
  const server = app.getHttpServer() as Server;
  server.headersTimeout = 10_000; // for the head of a request, also of an upgrade
  server.requestTimeout = 30_000; // for a whole request
  server.maxConnections = 12_000; // more than limits.maxConnections, for other requests
  await app.listen(3000);
}
// #endregion http

// #region messages
@Module({
  imports: [MessagesModule.forRoot({ redis: { connection: process.env.REDIS_URL, prefix: 'shop' } })],
})
export class WorkerModule {}
// #endregion messages

type AppStreams = StreamsOf<{ board: BoardEndpoint }>;

// #region client
export const client = createStreamClient<AppStreams>()({
  url: 'wss://example.org/streams',
  messages: [Say, Said],
  offline: 'queue',
  timeoutMs: 10_000,
});
// #endregion client
