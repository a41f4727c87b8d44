// #region module
import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';
import { ChatEndpoint } from './chat-endpoint.js';

@Module({
  imports: [StreamsModule.forRoot({ redis: process.env.REDIS_URL })],
  providers: [ChatEndpoint],
})
export class AppModule {}
// #endregion module
