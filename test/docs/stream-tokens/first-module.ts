// The first version of the module of docs/stream-tokens.md.
// #region module
import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';
import { FakeModel, LanguageModel } from './fake-model.js';
import { AiEndpoint } from './first-endpoint.js';

@Module({
  imports: [StreamsModule.forRoot()],
  providers: [AiEndpoint, { provide: LanguageModel, useClass: FakeModel }],
})
export class AppModule {}
// #endregion module
