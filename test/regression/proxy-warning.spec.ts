import { once } from 'node:events';
import { Logger, type LoggerService } from '@nestjs/common';
import { WebSocket } from 'ws';
import type { StreamsModuleOptions } from '@nestwire/streams';
import { startApp, stopAll, towards } from '../e2e/start-app.js';

const lines: string[] = [];
const logger: LoggerService = {
  log: () => undefined,
  error: () => undefined,
  warn: (line: string) => lines.push(line),
};

/** Starts a server and connects as often as there are headers; returns what the log says of proxies. */
async function warningsOf(trustProxy: StreamsModuleOptions['trustProxy'], ...headers: object[]) {
  const app = await startApp({ options: { trustProxy }, prepare: () => Logger.overrideLogger(logger) });
  for (const each of headers) {
    const socket = new WebSocket(towards(app).url, 'nestwire.v1.json', { headers: each as never });
    await once(socket, 'open');
    socket.terminate();
  }
  return lines.filter((line) => line.includes('trustProxy'));
}

describe('The warning that "trustProxy" is not set', () => {
  afterEach(async () => {
    await stopAll();
    lines.length = 0;
  });

  it('is not written at a start on a loopback address, nor for a client of the same machine', async () => {
    expect(await warningsOf(undefined, {}, {})).toEqual([]);
  });

  it('is written once, with its cause and the remedy, when a proxy shows', async () => {
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };

    expect(await warningsOf(undefined, forwarded, forwarded)).toEqual([
      expect.stringMatching(
        /^A request came from \S*127\.0\.0\.1, which may be a proxy, and "trustProxy" is not set: .* Set "trustProxy" to .* logged once\.$/,
      ),
    ]);
  });

  it.each([0, false] as const)('is not written where trustProxy is %p', async (trustProxy) => {
    expect(await warningsOf(trustProxy, { 'x-forwarded-for': '203.0.113.9' })).toEqual([]);
  });
});
