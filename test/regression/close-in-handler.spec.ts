import { IsString } from 'class-validator';
import { StreamMessage } from '@nestwire/protocol';
import { OnStreamClosed, OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { startApp, stopAll } from '../e2e/start-app.js';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

@StreamMessage('regression.leave')
class Leave {
  declare readonly $type: 'regression.leave';
  @IsString() how!: string;
}

@StreamEndpoint('door')
class Door {
  closed = 0;
  settled = 0;

  @OnStreamMessage(Leave)
  async leave(session: StreamSession, { how }: Leave): Promise<void> {
    if (how === 'later') await Promise.resolve();
    const closing = session.close('bye');
    if (how === 'awaited' || how === 'later') await closing;
    else void closing.then(() => this.settled++);
    if (how === 'throwing') throw new Error('after all');
    this.settled++;
  }

  @OnStreamClosed()
  onClosed(_session: StreamSession): void {
    this.closed++;
  }
}

afterEach(stopAll);

// The end of the session began before the handler's promise was known, and waited for itself for ever.
describe('session.close() in an asynchronous handler', () => {
  it.each(['at once', 'awaited', 'later', 'throwing'])('ends the session once: %s', async (how) => {
    const target = await startApp({ providers: [Door] });
    const raw = await RawSocket.hello(target.port);

    raw.sendJson({ t: 'open', id: 1, endpoint: 'door' });
    raw.sendJson({ t: 'message', id: 2, stream: 'door', type: 'regression.leave', data: { how } });

    expect(await raw.frame('closed')).toMatchObject({ reason: { code: 'closed-by-server', message: 'bye' } });
    raw.sendJson({ t: 'open', id: 3, endpoint: 'door' });
    await raw.frame('opened', 3);
    const door = target.app.get(Door);
    await until(() => door.settled > 0);
    expect(door.closed).toBe(1);
    expect(target.streams.counters().sessions).toBe(1);
  });
});
