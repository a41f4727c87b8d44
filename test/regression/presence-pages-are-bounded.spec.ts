import { PresenceService } from '@nestwire/messages';
import type { PresenceEvent } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Task } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';

const ROOM = 'pages:room';
const MEMBERS = 60;
const DATA_BYTES = 900;
const WATCHES = 40;

@StreamEndpoint('room')
class RoomEndpoint {
  @OnStreamMessage(Task)
  watch(session: StreamSession<PresenceEvent>, _task: Task) {
    return session.presence.watch(ROOM);
  }
}

async function startWithMembers(historyBytesPerSecond: number) {
  const app = await startApp({
    providers: [RoomEndpoint],
    options: { limits: { historyBytesPerSecond } },
  });
  const presence = app.get(PresenceService);
  const data = 'x'.repeat(DATA_BYTES);
  for (let id = 0; id < MEMBERS; id++) await presence.join(ROOM, { id: `member-${id}`, data });
  return app;
}

const watch = (id: number) => ({
  ...{ t: 'message', id, stream: 'room', type: 'e2e.task', data: { text: 'watch' } },
});

const pagesOf = (raw: RawSocket) => raw.frames.filter(({ type }) => type === 'nestwire.presence.members');

async function watchOften(port: number): Promise<RawSocket> {
  const raw = await RawSocket.hello(port);
  raw.sendJson({ t: 'open', id: 1, endpoint: 'room' });
  await raw.frame('opened');
  for (let id = 2; id < WATCHES + 2; id++) {
    raw.sendJson(watch(id));
    await raw.until(() => raw.frames.some((frame) => frame.t === 'ack' && (frame.id as number) >= id));
  }
  return raw;
}

afterEach(stopAll);

describe('The pages of presence.watch', () => {
  it('count as what a connection reads of histories: a client that asks again and again waits', async () => {
    const pageBytes = MEMBERS * DATA_BYTES;
    // Eight seconds' worth may be read at once.
    const { port } = await startWithMembers(pageBytes / 16);
    const raw = await watchOften(port);

    const bytes = Buffer.byteLength(JSON.stringify(pagesOf(raw)));
    expect(bytes).toBeLessThan(8 * pageBytes);
  });

  it('all come where the connection may read them (control)', async () => {
    const { port } = await startWithMembers(100 * 1_024 * 1_024);
    const raw = await watchOften(port);

    await until(() => Buffer.byteLength(JSON.stringify(pagesOf(raw))) > 15 * MEMBERS * DATA_BYTES);
  });

  it('are followed by each change once, however often a session watches', async () => {
    const app = await startWithMembers(100 * 1_024 * 1_024);
    const raw = await watchOften(app.port);
    await app.get(PresenceService).join(ROOM, { id: 'newcomer' });
    await app.get(PresenceService).leave(ROOM, 'newcomer');

    await raw.until(() => raw.frames.some(({ type }) => type === 'nestwire.presence.left'));
    expect(raw.frames.filter(({ type }) => type === 'nestwire.presence.joined')).toHaveLength(1);
  });
});
