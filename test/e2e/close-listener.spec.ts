import { once } from 'node:events';
import { createServer } from 'node:net';
import { RawSocket } from '../rig/raw-socket.js';
import { until } from '../rig/until.js';
import { startApp, stopAll } from './start-app.js';

const DEADLINE_MS = 2_000;

afterEach(stopAll);

/** Tries to listen where an application listened before; returns the error's code, if there is one. */
async function listenAt(port: number): Promise<string | undefined> {
  const next = createServer();
  const failed = once(next, 'error').then(([error]) => (error as NodeJS.ErrnoException).code);
  next.listen(port, '127.0.0.1');
  const code = await Promise.race([failed, once(next, 'listening').then(() => undefined)]);
  if (!code) await new Promise((resolve) => next.close(resolve));
  return code;
}

async function drainingAt(closeListener: 'first' | 'last') {
  const target = await startApp({
    options: { shutdown: { spreadMs: 1, deadlineMs: DEADLINE_MS, closeListener } },
  });
  // A client that does not leave when it is asked to.
  const raw = await RawSocket.hello(target.port);
  const closed = target.app.close();
  await raw.frame('goaway');
  return { ...target, raw, closed };
}

// Node's clocks for requests stop with the listener, so that an unfinished request would hold up the shutdown.
describe.each(['express', 'fastify'] as const)(
  'An unfinished HTTP request at the shutdown, on %s',
  (platform) => {
    it.each(['first', 'last'] as const)(
      "is ended with forceCloseConnections, after streams were drained: '%s'",
      async (closeListener) => {
        const options = { shutdown: { spreadMs: 1, deadlineMs: 200, closeListener } };
        const target = await startApp({ platform, options, forceCloseConnections: true });
        const client = await RawSocket.hello(target.port);
        const unfinished = await RawSocket.connect(target.port);
        unfinished.send('GET /hel');

        const closed = target.app.close();

        expect(await client.closing()).toBe(4006);
        await closed;
        await unfinished.ended();
      },
    );
  },
);

describe('The port of an application that shuts down', () => {
  it("is free at once with closeListener 'first', while a client is still served", async () => {
    const { port, raw, closed } = await drainingAt('first');

    expect(await listenAt(port)).toBeUndefined();
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    raw.destroy();
    await closed;
  });

  it("is taken with closeListener 'last' until the client has left", async () => {
    const { port, raw, closed, streams } = await drainingAt('last');

    expect(await listenAt(port)).toBe('EADDRINUSE');
    raw.destroy();
    await until(() => streams.counters().connections === 0);
    await closed;
    expect(await listenAt(port)).toBeUndefined();
  });
});
