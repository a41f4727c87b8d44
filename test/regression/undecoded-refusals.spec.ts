import { OnStreamMessage, StreamEndpoint, StreamSession } from '@nestwire/streams';
import { messagePack } from '@nestwire/protocol/message-pack';
import { jsonFrame, rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note } from '../e2e/messages.js';
import { startApp, stopAll } from '../e2e/start-app.js';

@StreamEndpoint('desk')
class DeskEndpoint {
  readonly texts: string[] = [];

  @OnStreamMessage(Note)
  handle(_session: StreamSession, { text }: Note): void {
    this.texts.push(text);
  }
}

const start = (framesPerSecond: number) =>
  startApp({ options: { limits: { framesPerSecond }, codecs: [messagePack] }, providers: [DeskEndpoint] });
const open = { t: 'open', id: 1, endpoint: 'desk' };
const tell = (id: number, text: string, more: object = {}) => ({
  ...{ t: 'message', id, stream: 'desk', type: 'e2e.note', data: { text } },
  ...more,
});
const codeOf = (raw: RawSocket, id?: number) =>
  raw.frames.filter(({ t }) => t === 'error').find((frame) => frame.id === id)?.error as { code: string };

afterEach(stopAll);

describe('A frame above the rate', () => {
  it('is refused by its length, before it is decoded', async () => {
    const { port } = await start(1);
    const raw = await RawSocket.hello(port);

    raw.send(Buffer.concat([jsonFrame(open), jsonFrame('{"t":"message","id":9,"data":{{{')]));
    await raw.frame('error');

    expect(codeOf(raw, 9)).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number) as number,
    });
  });

  it('is decoded below the rate', async () => {
    const { port } = await start(100);
    const raw = await RawSocket.hello(port);

    raw.send(Buffer.concat([jsonFrame(open), jsonFrame('{"t":"message","id":9,"data":{{{')]));
    await raw.frame('error');

    expect(codeOf(raw)).toMatchObject({ code: 'BAD_JSON' });
  });

  it('may have been handled, where it was sent before', async () => {
    const { port } = await start(1);
    const raw = await RawSocket.hello(port);

    raw.send(Buffer.concat([open, tell(2, 'x', { redelivered: true })].map(jsonFrame)));
    await raw.frame('error');

    expect(codeOf(raw, 2)).toMatchObject({ code: 'UNCERTAIN' });
  });

  it('is not counted as handled by the answers around it', async () => {
    const { port, get } = await start(10);
    const hello = { t: 'hello', v: 1, client: 'c'.repeat(22) };
    const first = await RawSocket.upgrade(port);
    first.send(Buffer.concat([hello, open].map(jsonFrame)));
    await first.frame('opened');
    const pings = Array.from({ length: 17 }, () => ({ t: 'ping' }));
    first.send(Buffer.concat([...pings, tell(2, 'a'), tell(3, 'b'), tell(4, 'c')].map(jsonFrame)));
    await first.frame('error', 4);
    await until(() => {
      first.sendJson(tell(5, 'd'));
      return first.frames.some(({ t, id }) => t === 'ack' && id === 5);
    });
    first.destroy();

    const second = await RawSocket.upgrade(port);
    second.send(Buffer.concat([hello, open, tell(4, 'c', { redelivered: true })].map(jsonFrame)));
    await second.frame('error', 4);

    expect(codeOf(second, 4)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(get(DeskEndpoint).texts).not.toContain('c');
  });
});

it('Messages that wait for their stream to open are handled whole and in order', async () => {
  const { port, get } = await start(100);
  const raw = await RawSocket.hello(port);

  raw.send(Buffer.concat([open, tell(2, 'é'), tell(3, 'next')].map(jsonFrame)));
  await raw.frame('ack', 3);

  expect(get(DeskEndpoint).texts).toEqual(['é', 'next']);
});

it('A frame of bytes on a connection of texts closes it', async () => {
  const { port } = await start(100);
  const raw = await RawSocket.hello(port);

  raw.send(rawFrame({ opcode: 2, payload: '{"t":"ping"}' }));

  expect(await raw.closing()).toBe(1003);
});
