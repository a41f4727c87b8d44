import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy.mjs';
import { until } from './until.js';

/** How long nothing may happen before it counts as nothing. */
const QUIET_MS = 150;

let server: Server;
let accepted: Socket[];
let requests: string;
let proxy: TcpProxy;
let client: Socket;
let replies: Buffer[];
let ended: string[];

/** The server says back what it hears. */
beforeEach(async () => {
  accepted = [];
  requests = '';
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests += data;
      socket.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.to((server.address() as AddressInfo).port);
  client = await join();
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  server.close();
  accepted.forEach((socket) => socket.destroy());
});

async function join(): Promise<Socket> {
  replies = [];
  ended = [];
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  socket.on('data', (data) => replies.push(data));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => ended.push(String(code)));
  socket.on('end', () => ended.push('end'));
  await once(socket, 'connect');
  return socket;
}

const heard = () => Buffer.concat(replies).toString();
const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
const ask = async (text: string) => {
  const from = heard().length;
  const startedAt = performance.now();
  client.write(text);
  await until(() => heard().slice(from) === text);
  return performance.now() - startedAt;
};

describe('TcpProxy', () => {
  it('carries both ways, and the end', async () => {
    await ask('hello');
    client.end();
    await until(() => ended.includes('end') && proxy.connections === 0);
  });

  it('holds everything in a blackhole, the end too, and goes on after it', async () => {
    await ask('before');
    proxy.set({ kind: 'blackhole' });
    client.write('into the dark');
    accepted[0]!.end('farewell');
    await quiet();
    expect([requests, heard(), ended]).toEqual(['before', 'before', []]);

    await proxy.pass();
    await until(() => ended.includes('end'));
    expect([requests, heard()]).toEqual(['beforeinto the dark', 'beforefarewell']);
  });

  it('holds the replies alone', async () => {
    await ask('before');
    proxy.dropReplies();
    client.write('heard');
    await until(() => requests === 'beforeheard');
    await quiet();
    expect(heard()).toBe('before');

    await proxy.pass();
    await until(() => heard() === 'beforeheard');
  });

  it('refuses, and listens on the same port again', async () => {
    const { port } = proxy;
    await proxy.refuse();
    await until(() => ended.includes('ECONNRESET'));
    await expect(join()).rejects.toThrow('ECONNREFUSED');

    await proxy.pass();
    client = await join();
    await ask('again');
    expect(proxy.port).toBe(port);
  });

  it('resets what is connected, on both sides, and takes new connections', async () => {
    await ask('before');
    const lost = new Promise((resolve) => accepted[0]!.once('close', resolve));
    proxy.reset();
    await Promise.all([until(() => ended.includes('ECONNRESET')), lost]);

    client = await join();
    await ask('again');
    expect(proxy.accepted).toBe(2);
  });

  it('delays each way, without changing the order', async () => {
    proxy.set({ kind: 'latency', ms: 60, jitterMs: 30 });
    const texts = Array.from({ length: 100 }, (_, at) => `${at};`);
    const startedAt = performance.now();
    for (const text of texts) {
      client.write(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => heard() === texts.join(''));

    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(60);
    // All at the same time: one after the other they would take six seconds.
    expect(took).toBeLessThan(3_000);
    await proxy.pass();
    const quick = [await ask('a'), await ask('b'), await ask('c'), await ask('d')];
    expect(Math.min(...quick)).toBeLessThan(30);
  });

  it('carries so many bytes a second', async () => {
    proxy.set({ kind: 'bandwidth', bytesPerSecond: 20_000 }, 'up');
    const took = await ask('x'.repeat(6_000));

    expect(took).toBeGreaterThan(250);
    expect(took).toBeLessThan(5_000);
  });

  it('slices', async () => {
    proxy.set({ kind: 'slicer', bytes: 1 }, 'down');
    await ask('0123456789');

    expect(replies.length).toBeGreaterThan(2);
  });

  it('cuts after so many bytes', async () => {
    await ask('before');
    proxy.set({ kind: 'cutAfter', bytes: 4 }, 'down');
    client.write('0123456789');
    await until(() => ended.length > 0);

    expect(heard()).toBe('before0123');
    await until(() => proxy.connections === 0);
  });

  it('holds no more than its bound: who writes into a blackhole feels it', async () => {
    proxy.set({ kind: 'blackhole' }, 'up');
    const chunk = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 64; count++) client.write(chunk);
    await quiet();

    expect(client.writableLength).toBeGreaterThan(32 * 1024 * 1024);
  });

  it('starves who has subscribed, and nobody else', async () => {
    await ask('*2\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n');
    proxy.starve();
    const hungry = heard();
    client.write('more');
    await quiet();
    expect(heard()).toBe(hungry);

    const other = await join();
    client.destroy();
    client = other;
    await ask('well fed');
  });
});
