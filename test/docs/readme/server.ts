// #region server
import { Module } from '@nestjs/common';
import { create } from '@nestwire/protocol';
import {
  OnStreamMessage,
  StreamEndpoint,
  StreamsModule,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { Greet, Greeting } from './messages.js';

// #region endpoint
@StreamEndpoint('greeter')
export class GreeterEndpoint {
  @OnStreamMessage(Greet)
  greet(_session: StreamSession, message: Greet) {
    return create(Greeting, { text: `Hello, ${message.name}!` });
  }
}
// #endregion endpoint

export type AppStreams = StreamsOf<{ greeter: GreeterEndpoint }>;

@Module({ imports: [StreamsModule.forRoot()], providers: [GreeterEndpoint] })
export class AppModule {}
// #endregion server
