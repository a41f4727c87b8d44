import { RawSocket } from '../rig/raw-socket.js';
import { stopAll } from './start-app.js';
import { Desk, codeOf, open, say, start } from './serverpod.app.js';

afterEach(stopAll);

describe('The key of a stream', () => {
  it('is the name of its endpoint in every frame of the server', async () => {
    const raw = await RawSocket.hello((await start()).port);

    for (const frame of [open(1, 'echo'), say(2, 'echo'), { t: 'close', id: 3, stream: 'echo' }])
      raw.sendJson(frame);
    await raw.frame('closed', 3);

    const streams = raw.frames.filter(({ t }) => t !== 'welcome').map(({ t, stream }) => `${t} ${stream}`);
    expect(new Set(streams)).toEqual(new Set(['opened echo', 'message echo', 'ack echo', 'closed echo']));
    expect(raw.frames.filter((frame) => 'endpoint' in frame)).toEqual([]);
  });

  it('may be in the open, where it is the name of the endpoint', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson({ ...open(1, 'echo'), stream: 'echo' });
    raw.sendJson(say(2, 'echo'));

    expect(await raw.frame('opened', 1)).toMatchObject({ stream: 'echo' });
    await raw.frame('ack', 2);
  });

  it.each(['1', 'shop-echo', 'x'.repeat(128)])(
    'is refused where the open names another one, %s, and opens nothing',
    async (stream) => {
      const target = await start();
      const raw = await RawSocket.hello(target.port);

      raw.sendJson({ ...open(1, 'echo'), stream });
      raw.sendJson(say(2, 'echo'));
      raw.sendJson(say(3, stream));

      expect(codeOf(await raw.frame('error', 1))).toBe('STREAM_KEY_MISMATCH');
      expect(codeOf(await raw.frame('error', 2))).toBe('STREAM_NOT_OPEN');
      expect(codeOf(await raw.frame('error', 3))).toMatch(/^(STREAM_NOT_OPEN|UNKNOWN_ENDPOINT)$/);
      expect(target.streams.counters().sessions).toBe(0);
    },
  );

  it('is valid for the identity alone that opened the stream', async () => {
    const target = await start();
    const raw = await RawSocket.hello(target.port, 'ada');
    raw.sendJson(open(1, 'members'));
    await raw.frame('opened', 1);

    raw.sendJson({ t: 'auth', id: 2, token: null });
    raw.sendJson(say(3, 'members'));
    raw.sendJson({ t: 'close', id: 4, stream: 'members' });

    expect(codeOf(await raw.frame('error', 3))).toBe('STREAM_NOT_OPEN');
    expect(codeOf(await raw.frame('error', 4))).toBe('STREAM_NOT_OPEN');
    expect(target.get(Desk).log).toContain('members closed identity-changed');
  });
});
