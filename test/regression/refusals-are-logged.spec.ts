import { Injectable } from '@nestjs/common';
import { messagePack } from '@nestwire/protocol/message-pack';
import {
  OnStreamMessage,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';
import { startApp, stopAll, type RunningApp } from '../e2e/start-app.js';
import { Note } from '../e2e/messages.js';
import { CapturedLog } from '../rig/captured-log.js';
import { rawFrame, RawSocket, upgradeRequest } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token?.startsWith('good') ? { id: token } : null;
  }
}

@StreamEndpoint('desk')
class Desk {
  @OnStreamMessage(Note)
  async flood(session: StreamSession<Note>, message: Note): Promise<void> {
    for (let sent = 0; sent < 100; sent++) void session.sendStreamMessage(message).catch(() => undefined);
    await Promise.resolve();
  }
}

async function start(options: StreamsModuleOptions = {}): Promise<RunningApp & { log: CapturedLog }> {
  const log = new CapturedLog();
  const app = await startApp({ options, providers: [Desk], prepare: log.install });
  return { ...app, log };
}

/** Asks for an upgrade; resolves with the status of the answer. */
async function upgrade(port: number, headers: Record<string, string>, path = '/streams') {
  return (await RawSocket.upgrade(port, path, headers)).status;
}

afterEach(stopAll);

describe('The log of a server', () => {
  it('says at the start what is served, and where', async () => {
    const { log } = await start({ path: '/live', codecs: [messagePack] });

    expect(log.with('Streams at')).toEqual([
      'Streams at /live; endpoints: desk; codecs: json, msgpack; broker: none, channels stay in this process',
    ]);
  });

  it('names a foreign origin and the option, once a minute', async () => {
    const { port, log } = await start();

    for (let page = 0; page < 5; page++)
      expect(await upgrade(port, { Origin: 'http://localhost:5173' })).toBe(403);

    expect(log.with('refused')).toEqual([
      'Connection of 127.0.0.1 refused with HTTP 403. ' +
        'Origin http://localhost:5173 is not allowed. Add it to "origins" of StreamsModule.',
    ]);
  });

  it('writes nothing of an own origin', async () => {
    const { port, log } = await start();

    expect(await upgrade(port, { Host: 'localhost:3000', Origin: 'http://localhost:3000' })).toBe(101);

    expect(log.with('refused')).toEqual([]);
  });

  it('writes neither credentials nor control characters of a header', async () => {
    const { port, log } = await start();

    expect(await upgrade(port, { Origin: 'http://user:secret@evil.example' })).toBe(403);
    const raw = await RawSocket.connect(port);
    raw.send(Buffer.from(upgradeRequest({ headers: { Origin: 'http://a\x9b31m.example' } }), 'latin1'));
    await raw.ended();

    expect(log.with('refused')).toHaveLength(1);
    expect(log.lines.join()).not.toMatch(/secret|\x9b/);
  });

  it('names a foreign host and the option', async () => {
    const { port, log } = await start({ hosts: ['app.example'] });

    expect(await upgrade(port, { Host: 'evil.example' })).toBe(421);

    expect(log.with('refused')).toEqual([
      'Connection of 127.0.0.1 refused with HTTP 421. ' +
        'Host evil.example is not served. Add it to "hosts" of StreamsModule.',
    ]);
  });

  it('names a wrong path and the right one, without the query', async () => {
    const { port, log } = await start();

    expect(await upgrade(port, {}, '/stream?token=secret')).toBe(404);

    expect(log.with('refused')).toEqual([
      'WebSocket request for /stream refused: streams are at /streams. ' +
        'Correct the url of the client, or set "path" of StreamsModule.',
    ]);
  });

  it('says why a credential is refused, without the credential', async () => {
    const { port, log } = await start({ authenticator: Users });
    const raw = await RawSocket.upgrade(port);

    raw.sendJson({ t: 'hello', v: 1, token: 'bad-secret' });

    expect(await raw.closing()).toBe(4501);
    expect(log.with('Credential of 127.0.0.1 refused: the authenticator did not accept it')).toHaveLength(1);
    expect(log.lines.join()).not.toContain('bad-secret');
  });

  it('says that there is no authenticator', async () => {
    const { port, log } = await start();
    const raw = await RawSocket.upgrade(port);

    raw.sendJson({ t: 'hello', v: 1, token: 'good' });

    expect(await raw.closing()).toBe(4501);
    expect(log.with('there is no authenticator')).toHaveLength(1);
  });

  it('says which credential was refused on an open connection', async () => {
    const { port, log } = await start({ authenticator: Users });
    const raw = await RawSocket.hello(port, 'good');

    raw.sendJson({ t: 'auth', id: 1, token: 'bad' });

    expect(await raw.frame('error', 1)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    expect(log.with('Credential of 127.0.0.1 refused')).toHaveLength(1);
  });

  it('names the limit of an address', async () => {
    const { port, log } = await start({ trustProxy: 0, limits: { maxConnectionsPerAddress: 1 } });
    await RawSocket.hello(port);

    expect(await upgrade(port, {})).toBe(429);

    expect(log.with('Raise "limits.maxConnectionsPerAddress"')).toHaveLength(1);
  });

  it('names the limit of a user', async () => {
    const { port, log } = await start({ authenticator: Users, limits: { maxConnectionsPerUser: 1 } });
    await RawSocket.hello(port, 'good');
    const raw = await RawSocket.upgrade(port);

    raw.sendJson({ t: 'hello', v: 1, token: 'good' });

    expect(await raw.closing()).toBe(4504);
    expect(log.with('raise "limits.maxConnectionsPerUser"')).toHaveLength(1);
  });

  it('names the limit that a slow reader has reached', async () => {
    const { port, log } = await start({ limits: { outboundSoftBytes: 4_096, outboundHardBytes: 16_384 } });
    const raw = await RawSocket.hello(port);

    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });
    raw.sendJson({
      t: 'message',
      id: 2,
      stream: 'desk',
      type: 'e2e.note',
      data: { text: 'x'.repeat(1_000) },
    });

    await until(() => log.with('closed with 4003, the client reads too slowly').length);
    expect(log.with('raise "limits.outboundHardBytes"')).toHaveLength(1);
  });

  it('names the limit that a message exceeds', async () => {
    const { port, log } = await start({ limits: { maxPayloadBytes: 1_024 } });
    const raw = await RawSocket.hello(port);

    raw.send(rawFrame({ payload: 'x'.repeat(2_000) }));

    expect(await raw.closing()).toBe(1009);
    expect(log.with('raise "limits.maxPayloadBytes"')).toHaveLength(1);
  });

  it('says that a client does not say hello', async () => {
    const { port, log } = await start();
    const raw = await RawSocket.upgrade(port);

    raw.sendJson({ t: 'open', id: 1, endpoint: 'desk' });

    expect(await raw.closing()).toBe(4501);
    expect(log.with('closed with 4501, the first frame must be hello: connect with the client')).toHaveLength(
      1,
    );
    expect(log.with('Credential')).toEqual([]);
  });

  it('writes nothing of a client that leaves', async () => {
    const { port, log } = await start();
    const before = log.lines.length;
    const raw = await RawSocket.hello(port);

    raw.send(rawFrame({ opcode: 8, payload: Uint8Array.of(3, 232) }));
    await raw.ended();

    expect(log.lines.slice(before)).toEqual([]);
  });

  it('tells of the drain: its start, its size, its end', async () => {
    const { port, streams, log } = await start({ shutdown: { deadlineMs: 50 } });
    await RawSocket.hello(port);

    await streams.drain();

    expect(log.with('Drain begins: 1 connection asked to leave, 50 ms at most.')).toHaveLength(1);
    expect(log.with('Drain ended')).toEqual([
      expect.stringMatching(/^Drain ended after \d+ ms: 0 left, 1 closed/),
    ]);
    expect(log.with('closed with')).toEqual([]);
  });
});
