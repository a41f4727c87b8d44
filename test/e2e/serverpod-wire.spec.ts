import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createStreamClient, type ConnectionStatus } from '@nestwire/client';
import { CloseCode } from '@nestwire/protocol';
import { Link } from '../rig/link.js';
import { answerFivePings, pingsOf } from '../rig/pings.js';
import { jsonFrame, rawFrame, RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { Note, note, Task } from './messages.js';
import { collect, connected, stopAll, towards, tracked, untilNothingIsLeft } from './start-app.js';
import { Account, Desk, clientOf, codeOf, open, say, start, texts, type Streams } from './serverpod.app.js';

// Repeats Serverpod's own tests of streaming endpoints; the numbers are those of that list.

afterEach(stopAll);

describe('The wire', () => {
  it('66: ping is answered by pong, pong by nothing', async () => {
    const raw = await RawSocket.hello((await start()).port);

    raw.sendJson({ t: 'pong' });
    raw.sendJson({ t: 'ping' });

    await raw.frame('pong');
    expect(raw.frames.map(({ t }) => t)).toEqual(['welcome', 'pong']);
  });

  it('67: an unknown frame is answered and what else is open goes on', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson({ t: 'bad_request', id: 2 });

    expect(codeOf(await raw.frame('error', 2))).toBe('UNKNOWN_FRAME');
    raw.sendJson(say(3, 'echo'));
    await raw.frame('ack', 3);
  });

  it('68: a frame that only a server sends closes the connection that sent it, and no other', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    const raw = await RawSocket.hello(target.port);

    raw.sendJson({ t: 'opened', stream: 'echo', session: 'forged' });

    expect(await raw.closing()).toBe(4500);
    await client.echo.sendStreamMessage(note('x'));
  });

  it('69: frames leave out what they do not have', async () => {
    const raw = await RawSocket.hello((await start()).port, 'ada');
    for (const frame of [
      open(1, 'echo'),
      say(2, 'echo'),
      say(3, 'nowhere'),
      { t: 'auth', id: 4, token: 'ada' },
    ])
      raw.sendJson(frame);
    raw.sendJson({ t: 'close', id: 5, stream: 'echo' });
    await raw.frame('closed', 5);

    const emptyFields = raw.frames.flatMap((frame) =>
      Object.entries(frame).filter(([, value]) => value === null || value === ''),
    );

    expect(emptyFields).toEqual([]);
    expect(Object.keys(await raw.frame('ack'))).toEqual(['t', 'stream', 'id']);
    expect(Object.keys((await raw.frame('error')).error as object)).toEqual(['code', 'message']);
  });

  it.each([
    ['the wrong case', '{"t":"OPEN","id":9,"endpoint":"echo"}'],
    ['no type', '{"t":null,"id":9}'],
    ['no JSON', 'open echo'],
    ['a missing field', '{"t":"open","id":9}'],
    ['a field of the wrong type', '{"t":"open","id":9,"endpoint":7}'],
    ['a list', '[]'],
  ])('70: %s is answered as an error, never a crash', async (_, payload) => {
    const raw = await RawSocket.hello((await start()).port);

    raw.send(rawFrame({ payload }));

    expect(['BAD_JSON', 'BAD_FRAME', 'UNKNOWN_FRAME']).toContain(codeOf(await raw.frame('error')));
    raw.sendJson(open(1, 'echo'));
    await raw.frame('opened');
  });

  it('71: what is for the server alone leaves it neither in messages nor in errors', async () => {
    const raw = await RawSocket.hello((await start()).port);
    raw.sendJson(open(1, 'echo'));

    raw.sendJson(say(2, 'echo', { name: 'ada' }, 'e2e.account'));
    raw.sendJson(say(3, 'echo', { text: 'throw' }, 'e2e.task'));
    await raw.frame('error', 3);

    expect(await raw.frame('message')).toMatchObject({ type: 'e2e.account', data: { name: 'ada' } });
    expect(JSON.stringify(raw.frames)).not.toMatch(/scrypt|stack and all|\.ts:\d/);
  });

  it('98: what is malformed or unknown is answered with its id, and other endpoints go on', async () => {
    const raw = await RawSocket.hello((await start()).port);
    for (const frame of [open(1, 'echo'), open(2, 'shop-echo')]) raw.sendJson(frame);

    raw.sendJson({ t: 'open', id: 3, endpoint: 7 });
    raw.sendJson(open(4, 'nowhere'));
    raw.sendJson(say(5, 'echo', {}, 'e2e.nothing'));
    raw.sendJson(say(6, 'shop-echo'));

    await raw.frame('ack', 6);
    expect([3, 4, 5].map((id) => raw.frames.find((frame) => frame.id === id)?.t)).toEqual([
      'error',
      'error',
      'error',
    ]);
  });
});

describe('The client', () => {
  it('9: is connecting, then connected, and stays so without traffic', async () => {
    const target = await start({ heartbeat: { pingMs: 150, pongMs: 500 } });
    const statuses: string[] = [];
    const client = clientOf(target);
    client.addConnectionStatusListener(({ kind }) => statuses.push(kind));
    const [raw, silent] = [await RawSocket.hello(target.port), await RawSocket.hello(target.port)];
    expect(client.connectionStatus.kind).toBe('idle');

    const connecting = client.connectWebSocket();
    expect(client.connectionStatus.kind).toBe('connecting');
    await connecting;
    await answerFivePings(raw);
    expect(await silent.closing()).toBe(CloseCode.HeartbeatLost);
    expect(pingsOf(silent)).toBe(1);

    expect(statuses).toEqual(['connecting', 'connected']);
  });

  it('10: closes and connects again at once', async () => {
    const target = await start();
    const client = await connected(clientOf(target));
    await client.echo.sendStreamMessage(note('x'));

    await client.close();
    expect(client.connectionStatus).toMatchObject({ kind: 'closed', code: 1000 });
    await client.connectWebSocket();

    await client.echo.sendStreamMessage(note('x'));
    await until(() => target.streams.counters().connections === 1);
  });

  it('11: takes a connection that is silent beyond the heartbeat for lost', async () => {
    const target = await start({ heartbeat: { pingMs: 60, pongMs: 60 } });
    const link = await Link.to(target.port);
    const statuses: ConnectionStatus[] = [];
    const client = clientOf({ port: link.port });
    client.addConnectionStatusListener((status) => statuses.push(status));
    await connected(client);

    link.freeze();

    await until(() => statuses.some(({ kind }) => kind === 'waiting'));
    expect(statuses.find(({ kind }) => kind === 'waiting')).toMatchObject({ code: 4002 });
    await client.close();
    link.close();
  });

  it('77: opens its streams again when the server has been restarted', async () => {
    const first = await start({ shutdown: { spreadMs: 1 } });
    const link = await Link.to(first.port);
    const client = await connected(clientOf({ port: link.port }));
    const read = collect(client.echo.stream);
    await client.echo.sendStreamMessage(note('before'));
    await first.app.close();
    await until(() => client.connectionStatus.kind !== 'connected');

    link.target = (await start()).port;
    await client.echo.sendStreamMessage(note('after'), { offline: 'queue' });

    await until(() => read.length === 2);
    expect(texts(read)).toEqual(['BEFORE', 'AFTER']);
    await client.close();
    link.close();
  });

  it('78: says that it could not connect to nobody, or to one who is silent, and tries again', async () => {
    const sockets: unknown[] = [];
    const silent: Server = createServer((socket) => void sockets.push(socket.resume()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const statuses: ConnectionStatus[] = [];
    const waits = () => statuses.filter(({ kind }) => kind === 'waiting') as Array<{ reason: string }>;
    const client = tracked(
      createStreamClient<Streams>()({
        ...towards({ port }),
        messages: [Note, Task, Account],
        connectTimeoutMs: 50,
      }),
    );
    client.addConnectionStatusListener((status) => statuses.push(status));
    void client.connectWebSocket().catch(() => undefined);

    await until(() => waits().length >= 1);
    expect(waits()[0]!.reason).toContain('CONNECT_TIMEOUT');
    expect(sockets.length).toBeGreaterThan(0);
    silent.close();
    for (const socket of sockets) (socket as { destroy(): void }).destroy();

    await until(() => waits().length >= 3);
    expect(client.connectionStatus.kind).not.toBe('closed');
  });

  it('87: has its credential in the first frame and never in the URL', async () => {
    const target = await start();
    const requests: string[] = [];
    target.app
      .getHttpServer()
      .prependListener('upgrade', (request: { url: string; rawHeaders: string[] }) => {
        requests.push(request.url + request.rawHeaders.join());
      });

    await connected(clientOf(target, 'secret-token'));

    expect(requests).toHaveLength(1);
    expect(requests[0]).not.toContain('secret-token');
  });
});

describe('Ends', () => {
  it.each([1, 5])('38: the end of the server ends %i connections', async (count) => {
    const target = await start();
    const raws = await Promise.all(Array.from({ length: count }, () => RawSocket.hello(target.port)));

    await Promise.all([target.app.close(), ...raws.map((raw) => raw.ended())]);

    expect(raws.map(({ closeCode }) => closeCode)).toEqual(Array(count).fill(4006));
  });

  it('39: the server ends although a client does not read and a handler does not return', async () => {
    const target = await start({ shutdown: { deadlineMs: 150 } });
    const { latch } = target.get(Desk);
    const [deaf, busy] = [await RawSocket.hello(target.port), await RawSocket.hello(target.port)];
    busy.sendJson(open(1, 'echo'));
    busy.sendJson(say(2, 'echo', { text: 'wait' }, 'e2e.task'));
    await until(() => latch.size === 1);
    deaf.socket.pause();

    await target.app.close();

    expect(await busy.closing()).toBe(4006);
  });

  it('103: many connects, states and disconnects leave no session', async () => {
    const target = await start({ limits: { maxConnectionsPerUser: 1_000 } });
    const cycle = async () => {
      const raw = await RawSocket.hello(target.port, 'ada');
      raw.send(
        Buffer.concat(
          [open(1, 'echo'), say(2, 'echo', { text: 'state' }, 'e2e.task')].map((one) => jsonFrame(one)),
        ),
      );
      await raw.frame('ack', 2);
      raw.destroy();
    };

    for (let round = 0; round < 15; round++) await Promise.all(Array.from({ length: 20 }, cycle));

    await untilNothingIsLeft(target);
    expect(target.get(Desk).sessions.size).toBe(0);
    expect(target.get(Desk).log.filter((entry) => entry.startsWith('echo closed'))).toHaveLength(300);
  });

  it.each([
    ['an oversized frame', [rawFrame({ payload: 'x'.repeat(70_000) })], [1009]],
    ['a flood', Array.from({ length: 3_000 }, () => jsonFrame({ t: 'ping' })), [4004]],
  ])('116: %s closes the connection that sent it, and no other', async (_, frames, codes) => {
    const target = await start();
    const client = await connected(clientOf(target));
    const raw = await RawSocket.hello(target.port);

    raw.send(Buffer.concat(frames));

    expect(codes).toContain(await raw.closing());
    await client.echo.sendStreamMessage(note('x'));
    expect(client.connectionStatus.kind).toBe('connected');
  });
});
