import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamMessageId,
  StreamSession,
  type StreamUser,
} from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { Task } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';

class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    if (token === 'broken') return { id: 'broken', expiresAt: NaN };
    return token ? { id: token } : null;
  }
}

@StreamEndpoint('desk')
class DeskEndpoint {
  readonly ids: Array<string | undefined> = [];

  @OnStreamMessage(Task)
  handle(_session: StreamSession, _task: Task, @StreamMessageId() id: string | undefined): void {
    this.ids.push(id);
  }
}

const start = () => startApp({ options: { authenticator: Users }, providers: [DeskEndpoint] });

afterEach(stopAll);

describe('The id of a message', () => {
  it('differs for two users with one client name', async () => {
    const app = await start();
    for (const token of ['ann', 'mal', 'ann', undefined]) {
      const raw = await RawSocket.upgrade(app.port);
      raw.sendJson({ t: 'hello', v: 1, client: 'a'.repeat(22), token });
      raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
      raw.sendJson({ t: 'message', id: 7, stream: 'desk', type: 'e2e.task', data: { text: '' } });
      await raw.frame('ack', 7);
    }

    const [ann, mal, redelivered, nobody] = app.get(DeskEndpoint).ids;
    expect(redelivered).toBe(ann);
    expect(new Set([ann, mal, nobody]).size).toBe(3);
  });
});

describe('A user whose "expiresAt" is no time', () => {
  it('is not let in, as the credential would never expire', async () => {
    const raw = await RawSocket.upgrade((await start()).port);
    raw.sendJson({ t: 'hello', v: 1, token: 'broken' });

    expect(await raw.closing()).toBe(1011);
  });
});
