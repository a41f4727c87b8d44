import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';
import { ChatEndpoint } from './chat-endpoint.js';

// #region module
@Module({
  imports: [StreamsModule.forRoot({ redis: process.env.REDIS_URL, origins: ['http://localhost:5173'] })],
  providers: [ChatEndpoint],
})
export class AppModule {}
// #endregion module
