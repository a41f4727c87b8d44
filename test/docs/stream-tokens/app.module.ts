// The module of docs/stream-tokens.md.
import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';
import { AiEndpoint } from './ai-endpoint.js';
import { AppAuthenticator } from './authenticator.js';
import { FakeModel, LanguageModel } from './fake-model.js';

// #region module
@Module({
  imports: [StreamsModule.forRoot({ authenticator: AppAuthenticator, redis: process.env.REDIS_URL })],
  providers: [AiEndpoint, { provide: LanguageModel, useClass: FakeModel }],
})
export class AppModule {}
// #endregion module
