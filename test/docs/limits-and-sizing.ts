// The code of docs/limits-and-sizing.md; compiled with the tests.
import { Module } from '@nestjs/common';
import { StreamsModule } from '@nestwire/streams';

// #region limits
@Module({
  imports: [StreamsModule.forRoot({ limits: { maxConnections: 20_000, maxConnectionsPerUser: 50 } })],
})
export class AppModule {}
// #endregion limits
