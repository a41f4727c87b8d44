import { StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { IsOptional, IsString } from 'class-validator';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { bootEndpoints } from '../rig/bind-endpoint.js';

@StreamMessage('sessionClasses.part')
class Part {
  declare readonly $type: 'sessionClasses.part';
  @IsString() text!: string;
}

@StreamMessage('sessionClasses.whole')
class Whole {
  declare readonly $type: 'sessionClasses.whole';
  @IsOptional() any?: unknown;
}

@Injectable({ scope: Scope.REQUEST })
class Own {}

@StreamEndpoint('own')
class OwnEndpoint {
  constructor(@Inject(Own) readonly own: Own) {}

  @OnStreamMessage(Part)
  handle(_session: StreamSession, _message: Part): void {}
}

@StreamEndpoint('shared')
class SharedEndpoint {
  static readonly received: unknown[] = [];

  @OnStreamMessage(Whole)
  handle(_session: StreamSession, { any }: Whole): void {
    SharedEndpoint.received.push(any);
  }
}

// Data could name them only once the first session of the endpoint had been opened.
describe('A class of an endpoint that is made for each session', () => {
  it('may be named in data before there is such a session', async () => {
    const app = await bootEndpoints({ providers: [Own, OwnEndpoint, SharedEndpoint] });
    const { handlers } = await app.bind('shared');

    await handlers.handle('sessionClasses.whole', { any: { $type: 'sessionClasses.part', text: 'x' } });

    expect(SharedEndpoint.received).toEqual([expect.any(Part)]);
    await app.module.close();
  });
});
