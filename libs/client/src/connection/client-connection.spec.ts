import { Rig } from '../../spec/rig.js';
import { ScriptedServer, type Peer } from '../../spec/scripted-server.js';
import type { AuthRequest, ConnectionOptions, ConnectionStatus } from '../index.node.js';

const FINAL_CODES = [1002, 1003, 1007, 1008, 4500, 4502, 4503, 4504, 4505, 4999];
const RETRY_CODES = [1000, 1001, 1009, 1011, 1012, 1013, 3000, 4001, 4002, 4003, 4005, 4006, 4499];

describe('connection', () => {
  let rig: Rig;

  async function start(options?: Partial<ConnectionOptions>): Promise<Rig> {
    return (rig = await Rig.start(options));
  }

  /** Answers `auth` with a new token each time, and records the reason. */
  function tokens(reasons: string[]) {
    return ({ reason }: AuthRequest) => `token ${reasons.push(reason)}`;
  }

  const kinds = () => rig.statuses.map(({ kind }) => kind);

  afterEach(() => rig.stop());

  it('goes from idle over connecting to connected, and to closed', async () => {
    await start({ auth: () => 'alice' });
    expect(rig.client.connectionStatus).toEqual({ kind: 'idle' });

    const peer = await rig.connected();
    expect(rig.client.connectionStatus).toEqual({ kind: 'connected', user: 'alice', connection: 'c1' });
    await rig.client.close();

    expect(kinds()).toEqual(['connecting', 'connected', 'closed']);
    expect(rig.client.connectionStatus).toEqual({
      kind: 'closed',
      code: 1000,
      reason: 'closed by the client',
    });
    expect(await peer.closed).toBe(1000);
    expect(rig.clock.pending).toBe(0);
  });

  it('sends the credential in hello and never in the address', async () => {
    await start({ auth: () => 'secret' });
    void rig.client.connectWebSocket();
    const peer = await rig.server.peers.take();

    expect(await peer.next('hello')).toEqual({
      t: 'hello',
      v: 1,
      token: 'secret',
      client: expect.stringMatching(/^[\w-]{22,64}$/),
    });
    expect(peer.url).toBe('/streams');
  });

  it.each([null, undefined])('is anonymous when auth answers %p', async (nobody) => {
    await start({ auth: async () => nobody });
    void rig.client.connectWebSocket();
    const peer = await rig.server.peers.take();

    expect(await peer.welcome()).toBeNull();
    expect(await rig.status('connected')).toMatchObject({ user: null });
  });

  it('shares one attempt among all who connect', async () => {
    await start();
    const all = Promise.all([rig.client.connectWebSocket(), rig.client.connectWebSocket()]);
    const peer = await rig.server.peers.take();
    const late = rig.client.connectWebSocket();
    await peer.welcome();

    await all;
    await late;
    await rig.client.connectWebSocket();
    expect(rig.server.peers.size).toBe(0);
  });

  it('goes on trying when the first attempt fails', async () => {
    const server = await ScriptedServer.listen();
    await start({ url: server.url });
    await server.close();
    const connecting = rig.client.connectWebSocket();
    expect(await rig.status('waiting')).toMatchObject({ code: 1006 });

    const returned = await ScriptedServer.listen(server.port);
    rig.clock.advance(500);
    await returned.welcome();

    await connecting;
    await rig.client.close();
    await returned.close();
  });

  it('doubles the bound of its random wait up to 20 s', async () => {
    await start();
    void rig.client.connectWebSocket();
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      (await rig.server.peers.take()).socket.close(1011);
      const { retryInMs, retryAt } = await rig.status('waiting');
      expect(Math.abs(retryAt - Date.now() - retryInMs)).toBeLessThan(5_000);
      waits.push(retryInMs);
      rig.clock.advance(retryInMs);
    }

    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  });

  it('waits any part of the bound', async () => {
    await start();
    rig.clock.chance = 0.25;
    const peer = await rig.connected();
    peer.socket.close(1011);

    expect(await rig.status('waiting')).toMatchObject({ retryInMs: 125 });
  });

  it.each([
    [0, 16_000],
    [2_000, 7_650.82],
    [5_000, 2_529.82],
    [10_000, 500],
  ])('after five failures and %i ms of health waits up to %f ms', async (healthMs, waitMs) => {
    await start();
    void rig.client.connectWebSocket();
    for (let failure = 0; failure < 5; failure++) {
      (await rig.server.peers.take()).socket.close(1011);
      rig.clock.advance((await rig.status('waiting')).retryInMs);
    }
    const peer = await rig.server.welcome();
    await rig.status('connected');

    for (let past = 0; past < healthMs; past += 10_000) {
      peer.send({ t: 'ping' });
      await peer.next('pong');
      rig.clock.advance(Math.min(10_000, healthMs - past));
    }
    peer.socket.close(1011);

    expect(await rig.status('waiting')).toMatchObject({ retryInMs: expect.closeTo(waitMs, 2) });
  });

  it('waits for a time that is one, also where no health is asked for', async () => {
    await start({ healthyMs: 0 });
    const peer = await rig.connected();
    peer.socket.close(1011);

    expect(await rig.status('waiting')).toMatchObject({ retryInMs: 500 });
  });

  it('waits at least 5 s after sending too much', async () => {
    await start();
    rig.clock.chance = 0;
    const peer = await rig.connected();
    peer.socket.close(4004);

    expect(await rig.status('waiting')).toMatchObject({ retryInMs: 5_000, code: 4004 });
    void rig.client.connectWebSocket();
    expect(rig.client.connectionStatus.kind).toBe('waiting');
  });

  it.each(FINAL_CODES)('stops at close code %i', async (code) => {
    await start({ auth: () => 'alice' });
    const connecting = rig.client.connectWebSocket();
    const peer = await rig.server.peers.take();
    peer.socket.close(code, 'because');

    await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(rig.client.connectionStatus).toEqual({ kind: 'closed', code, reason: 'because' });
    expect(rig.clock.pending).toBe(0);
  });

  it.each(RETRY_CODES)('comes back after close code %i', async (code) => {
    await start();
    const peer = await rig.connected();
    peer.socket.close(code, 'x'.repeat(123));

    expect(await rig.status('waiting')).toMatchObject({ code, reason: 'x'.repeat(123) });
    await rig.reconnected();
  });

  it('comes back when the connection breaks', async () => {
    await start();
    const peer = await rig.connected();
    peer.socket.terminate();

    expect(await rig.status('waiting')).toMatchObject({ code: 1006 });
    await rig.reconnected();
  });

  it.each([
    [30_000, 15_000],
    [10 ** 12, 30_000],
    [-1, 0],
    [null, 0],
    ['soon', 0],
  ])('after goaway with a spread of %p returns within it', async (spreadMs, waitMs) => {
    await start();
    rig.clock.chance = 0.5;
    const peer = await rig.connected();
    peer.raw(JSON.stringify({ t: 'goaway', spreadMs }));
    peer.socket.close(4006);

    expect(await rig.status('waiting')).toMatchObject({ retryInMs: waitMs });
  });

  it('closes at once when the platform does not take the address', async () => {
    await start({ url: 'nowhere' });

    await expect(rig.client.connectWebSocket()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(rig.client.connectionStatus).toMatchObject({ kind: 'closed', code: 1006 });
    expect(rig.clock.pending).toBe(0);
  });

  it('connects again after it was closed', async () => {
    await start();
    await rig.connected();
    void rig.client.close();

    await rig.connected();
    expect(rig.client.connectionStatus.kind).toBe('connected');
  });

  it('rejects who waits for a connection when it is closed', async () => {
    await start();
    const connecting = rig.client.connectWebSocket();
    await rig.client.close();

    await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    expect(rig.clock.pending).toBe(0);
  });

  it('replaces the wait by an attempt when connectWebSocket() is called', async () => {
    await start();
    const peer = await rig.connected();
    peer.socket.close(1011);
    await rig.status('waiting');

    await rig.connected();
    rig.clock.advance(20_000);
    expect(kinds().filter((kind) => kind === 'connecting')).toHaveLength(2);
  });

  describe('credential', () => {
    it.each([4501, 4005])('is renewed once, at once, after %i', async (code) => {
      const reasons: string[] = [];
      await start({ auth: tokens(reasons) });
      const connecting = rig.client.connectWebSocket();
      (await rig.server.peers.take()).socket.close(code);

      const peer = await rig.server.peers.take();
      expect(await peer.welcome()).toBe('token 2');
      await connecting;
      expect(reasons).toEqual(['connect', 'renew']);
      expect(kinds()).not.toContain('waiting');
    });

    it('that is refused twice closes the client', async () => {
      const reasons: string[] = [];
      await start({ auth: tokens(reasons) });
      const connecting = rig.client.connectWebSocket();
      (await rig.server.peers.take()).socket.close(4501);
      (await rig.server.peers.take()).socket.close(4501, 'no');

      await expect(connecting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
      expect(rig.client.connectionStatus).toEqual({ kind: 'closed', code: 4501, reason: 'no' });
      expect(reasons).toEqual(['connect', 'renew']);
    });

    it('that cannot be renewed closes the client at the first refusal', async () => {
      await start();
      void rig.client.connectWebSocket();
      (await rig.server.peers.take()).socket.close(4501);

      expect(await rig.status('closed')).toMatchObject({ code: 4501 });
    });

    it('that expires again at once is renewed after a wait', async () => {
      const reasons: string[] = [];
      await start({ auth: tokens(reasons) });
      (await rig.connected()).socket.close(4005);
      const renewed = await rig.server.welcome();
      renewed.socket.close(4005);

      await rig.reconnected();
      expect(reasons).toEqual(['connect', 'renew', 'renew']);
    });

    it('is asked for again with each attempt', async () => {
      const reasons: string[] = [];
      await start({ auth: tokens(reasons) });
      (await rig.connected()).socket.close(1011);

      await rig.reconnected();
      expect(reasons).toEqual(['connect', 'connect']);
    });

    it('that cannot be had is asked for again after a wait', async () => {
      let asked = 0;
      await start({ auth: () => (++asked === 1 ? Promise.reject(new Error('offline')) : 'alice') });
      void rig.client.connectWebSocket();

      expect(await rig.status('waiting')).toMatchObject({ reason: 'auth: Error: offline' });
      await rig.reconnected();
      expect(asked).toBe(2);
    });
  });

  describe('time', () => {
    it('ends an attempt after 10 s, from auth to welcome', async () => {
      await start();
      void rig.client.connectWebSocket();
      const peer = await rig.server.peers.take();
      await peer.next('hello');
      rig.clock.advance(9_999);
      expect(rig.client.connectionStatus.kind).toBe('connecting');
      rig.clock.advance(1);

      expect(rig.client.connectionStatus).toMatchObject({ kind: 'waiting', reason: 'CONNECT_TIMEOUT' });
      await peer.closed;
      await rig.reconnected();
    });

    it('ends an attempt whose auth never answers, and ignores a late answer', async () => {
      let answer = (_token: string) => {};
      await start({ auth: () => new Promise((resolve) => (answer = resolve)) });
      void rig.client.connectWebSocket();
      rig.clock.advance(10_000);
      expect(rig.client.connectionStatus.kind).toBe('waiting');

      answer('late');
      await Promise.resolve();
      expect(rig.client.connectionStatus.kind).toBe('waiting');
      expect(rig.server.peers.size).toBe(0);
    });

    it('takes a silent connection for lost after pingMs and pongMs', async () => {
      await start();
      const peer = await rig.connected({ pingMs: 100, pongMs: 50 });
      rig.clock.advance(149);
      expect(rig.client.connectionStatus.kind).toBe('connected');
      rig.clock.advance(1);

      expect(rig.client.connectionStatus).toMatchObject({ kind: 'waiting', code: 4002 });
      expect(await peer.closed).toBe(4002);
    });

    it('takes any frame for a sign of life, and answers pings', async () => {
      await start();
      const peer = await rig.connected({ pingMs: 100, pongMs: 50 });
      rig.clock.advance(149);
      peer.raw('noise');
      peer.send({ t: 'ping' });
      await peer.next('pong');
      rig.clock.advance(149);

      expect(rig.client.connectionStatus.kind).toBe('connected');
    });
  });

  describe('in a browser', () => {
    const page = new EventTarget();
    const document = Object.assign(new EventTarget(), { hidden: true });
    const globals = globalThis as Record<string, unknown>;

    beforeEach(() => {
      globals.addEventListener = page.addEventListener.bind(page);
      globals.removeEventListener = page.removeEventListener.bind(page);
      globals.document = document;
    });
    afterEach(() => {
      delete globals.addEventListener;
      delete globals.removeEventListener;
      delete globals.document;
    });

    const events: Array<[string, () => void]> = [
      ['the network returns', () => page.dispatchEvent(new Event('online'))],
      [
        'the page becomes visible',
        () => {
          document.hidden = false;
          document.dispatchEvent(new Event('visibilitychange'));
        },
      ],
    ];

    it.each(events)('tries at once when %s', async (_name, happen) => {
      await start();
      (await rig.connected()).socket.close(1011);
      await rig.status('waiting');
      happen();

      await rig.server.welcome();
      await rig.status('connected');
    });

    it.each(events)('makes sure of the connection when %s', async (_name, happen) => {
      await start();
      const peer = await rig.connected({ pongMs: 50 });
      happen();
      await peer.next('ping');
      rig.clock.advance(50);

      expect(rig.client.connectionStatus).toMatchObject({ kind: 'waiting', code: 4002 });
    });

    it('does nothing when the page is hidden, or the client closed', async () => {
      await start();
      document.hidden = true;
      (await rig.connected()).socket.close(1011);
      await rig.status('waiting');
      document.dispatchEvent(new Event('visibilitychange'));
      expect(rig.client.connectionStatus.kind).toBe('waiting');

      await rig.client.close();
      page.dispatchEvent(new Event('online'));
      expect(rig.client.connectionStatus.kind).toBe('closed');
    });
  });

  describe('authenticate()', () => {
    let reasons: string[];
    let peer: Peer;

    beforeEach(async () => {
      reasons = [];
      await start({ auth: tokens(reasons) });
    });

    it('settles each of several calls with the answer to its own', async () => {
      peer = await rig.connected();
      const first = rig.client.authenticate();
      const second = rig.client.authenticate();
      const ids = [(await peer.next('auth')).id, (await peer.next('auth')).id];
      peer.send({ t: 'authenticated', id: ids[0], user: 'alice' });
      await first;
      peer.send({ t: 'authenticated', id: ids[1], user: 'alice' });

      await expect(second).resolves.toBeUndefined();
    });

    it('signs in on the open connection', async () => {
      peer = await rig.connected({ user: null });
      const signing = rig.client.authenticate();
      const { id, token } = await peer.next('auth');
      peer.send({ t: 'authenticated', id, user: 'alice' });

      await signing;
      expect(token).toBe('token 2');
      expect(reasons).toEqual(['connect', 'authenticate']);
      expect(rig.client.connectionStatus).toEqual({ kind: 'connected', user: 'alice', connection: 'c1' });
    });

    it('rejects with the error of the server and stays connected', async () => {
      peer = await rig.connected();
      const signing = rig.client.authenticate();
      const { id } = await peer.next('auth');
      peer.send({ t: 'error', id, error: { code: 'UNAUTHENTICATED', message: 'no' } });

      await expect(signing).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(rig.client.connectionStatus.kind).toBe('connected');
    });

    it("reconnects once when the credential is another user's", async () => {
      peer = await rig.connected();
      const signing = rig.client.authenticate();
      await peer.next('auth');
      peer.socket.close(4501);

      const next = await rig.server.peers.take();
      expect(await next.welcome()).toBe('token 3');
      await signing;
      expect(reasons).toEqual(['connect', 'authenticate', 'renew']);
    });

    it('rejects when the new credential is refused there too', async () => {
      peer = await rig.connected();
      const signing = rig.client.authenticate();
      await peer.next('auth');
      peer.socket.close(4501);
      (await rig.server.peers.take()).socket.close(4501);

      await expect(signing).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    });

    it('settles by the next connection when this one is lost', async () => {
      peer = await rig.connected();
      const signing = rig.client.authenticate();
      await peer.next('auth');
      peer.socket.terminate();

      await rig.reconnected();
      await signing;
    });

    it('tries at once with a new credential while the client waits', async () => {
      (await rig.connected()).socket.close(1011);
      await rig.status('waiting');
      const signing = rig.client.authenticate();

      await rig.server.welcome();
      await signing;
    });

    it('rejects before connecting and after closing', async () => {
      await expect(rig.client.authenticate()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
      await rig.connected();
      await rig.client.close();
      await expect(rig.client.authenticate()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    });

    it('rejects when no answer comes in time', async () => {
      peer = await rig.connected();
      const signing = rig.client.authenticate();
      await peer.next('auth');
      rig.clock.advance(10_000);
      await peer.next('ping');
      peer.send({ t: 'ping' });
      await peer.next('pong');
      rig.clock.advance(20_000);

      await expect(signing).rejects.toMatchObject({ code: 'ANSWER_TIMEOUT' });
    });
  });

  describe('status listener', () => {
    it('is called no more once removed', async () => {
      await start();
      const seen: ConnectionStatus[] = [];
      const listener = (status: ConnectionStatus) => void seen.push(status);
      const removeFirst = rig.client.addConnectionStatusListener(listener);
      rig.client.addConnectionStatusListener(listener);
      removeFirst();
      removeFirst();
      await rig.connected();

      expect(seen.map(({ kind }) => kind)).toEqual(['connecting', 'connected']);
    });

    it('that throws does not affect others', async () => {
      await start();
      rig.client.addConnectionStatusListener(() => {
        throw new Error('mine');
      });
      await rig.connected();

      expect(rig.client.connectionStatus.kind).toBe('connected');
      expect(rig.warnings).toEqual(['nestwire: a listener threw', 'nestwire: a listener threw']);
    });

    it('may close the client', async () => {
      await start();
      rig.client.addConnectionStatusListener(({ kind }) => kind === 'connecting' && void rig.client.close());
      await expect(rig.client.connectWebSocket()).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });

      expect(rig.client.connectionStatus.kind).toBe('closed');
      expect(rig.clock.pending).toBe(0);
    });
  });
});
