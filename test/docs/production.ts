// The code of docs/production.md; compiled with the tests.
import { Controller, Get, Header, Module, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesService } from '@nestwire/messages';
import { StreamsModule, StreamsService } from '@nestwire/streams';
import { AppAuthenticator, BoardEndpoint, TokensModule } from './authentication.js';

// #region health
@Controller()
export class HealthController {
  constructor(
    private readonly streams: StreamsService,
    private readonly messages: MessagesService,
  ) {}

  @Get('healthz')
  live(): string {
    return 'ok';
  }

  @Get('readyz')
  ready(): string {
    if (!this.streams.isReady) throw new ServiceUnavailableException();
    return 'ok';
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4')
  metrics(): string {
    const { connections, refusedUpgrades } = this.streams.counters();
    return [
      `nestwire_connections ${connections}`,
      `nestwire_refused_upgrades_total ${refusedUpgrades}`,
      `nestwire_degraded ${this.messages.status === 'degraded' ? 1 : 0}\n`,
    ].join('\n');
  }
}
// #endregion health

// #region module
@Module({
  imports: [
    StreamsModule.forRoot({
      authenticator: AppAuthenticator,
      imports: [TokensModule],
      redis: process.env.REDIS_URL,
      trustProxy: 1, // one proxy in front appends the client's address to X-Forwarded-For
      hosts: ['app.example.com'],
    }),
  ],
  controllers: [HealthController],
  providers: [BoardEndpoint],
})
export class AppModule {}
// #endregion module

// #region shutdown
export const shutdown = { spreadMs: 25_000, deadlineMs: 40_000 };
// #endregion shutdown

// #region main
export async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule, { forceCloseConnections: true });
  app.enableShutdownHooks(); // SIGTERM begins the shutdown
  await app.listen(process.env.PORT ?? 3000);
}
// #endregion main
