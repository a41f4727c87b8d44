import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StreamsService } from '@nestwire/streams';
import { resolveShutdown } from '../../libs/streams/src/shutdown-times.js';
import { DEFAULT_LIMITS } from '../../libs/streams/src/streams-limits.js';
import { DEFAULT_HEARTBEAT } from '../../libs/streams/src/streams-server.js';
import { RawSocket } from '../rig/raw-socket.js';
import { AppModule, shutdown } from './production.js';

const page = readFileSync(new URL('../../docs/production.md', import.meta.url), 'utf8');
const numberIn = (pattern: RegExp) => Number(pattern.exec(page)?.[1]);

let app: INestApplication;
let environment: string | undefined;

beforeEach(() => {
  environment = process.env.NODE_ENV;
});

afterEach(async () => {
  process.env.NODE_ENV = environment;
  RawSocket.destroyAllBut();
  await app?.close();
});

async function serve(): Promise<number> {
  app = await NestFactory.create(AppModule, { logger: false, forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

async function get(port: number, path: string): Promise<[status: number, text: string]> {
  const answer = await fetch(`http://127.0.0.1:${port}/${path}`);
  return [answer.status, await answer.text()];
}

describe('docs/production.md', () => {
  it('answers the probes: ready until the drain begins, alive all the time', async () => {
    const port = await serve();
    const headers = { Host: 'app.example.com', 'X-Forwarded-For': '203.0.113.7' };
    const client = await RawSocket.upgrade(port, '/streams', headers);
    client.sendJson({ t: 'hello', v: 1 });
    await client.frame('welcome');

    expect(await get(port, 'readyz')).toEqual([200, 'ok']);
    expect((await get(port, 'metrics'))[1]).toBe(
      'nestwire_connections 1\nnestwire_refused_upgrades_total 0\nnestwire_degraded 0\n',
    );

    const drained = app.get(StreamsService).drain();
    expect((await get(port, 'readyz'))[0]).toBe(503);
    expect(await get(port, 'healthz')).toEqual([200, 'ok']);
    client.sendJson({ t: 'ping' });
    await client.frame('pong');
    client.destroy();
    await drained;
  });

  it('answers its own host alone', async () => {
    const refused = await RawSocket.upgrade(await serve(), '/streams', { Host: 'other.example.com' });

    expect(refused.status).toBe(421);
  });

  it('gives the process more time than the shutdown takes', () => {
    const preStopMs = 1_000 * numberIn(/command: \[sleep, '(\d+)'\]/);
    const { deadlineMs } = resolveShutdown();
    const shutdownMs = preStopMs + deadlineMs + DEFAULT_LIMITS.closeTimeoutMs;

    expect(1_000 * numberIn(/terminationGracePeriodSeconds: (\d+)/)).toBeGreaterThan(shutdownMs);
    expect(1_000 * numberIn(/--stop-timeout (\d+)/)).toBeGreaterThan(shutdownMs);
  });

  it('computes with the defaults', () => {
    const { connectsPerSecond, maxConnections, closeTimeoutMs } = DEFAULT_LIMITS;
    const graceMs = 1_000 * numberIn(/grace period of (\d+) s/);

    expect(shutdown.spreadMs).toBe((1_000 * maxConnections) / (connectsPerSecond * 2));
    expect(shutdown.deadlineMs).toBeGreaterThan(shutdown.spreadMs);
    expect(graceMs).toBeGreaterThan(shutdown.deadlineMs + closeTimeoutMs + 5_000);
    expect(numberIn(/averageValue: '(\d+)'/)).toBeLessThan(maxConnections);
  });

  it('has idle timeouts that are longer than a client is silent', () => {
    const silenceMs = DEFAULT_HEARTBEAT.pingMs + DEFAULT_HEARTBEAT.pongMs;

    expect(1_000 * numberIn(/must be longer than (\d+) s/)).toBe(silenceMs);
    expect(1_000 * numberIn(/proxy_read_timeout (\d+)s;/)).toBeGreaterThan(silenceMs);
  });
});
