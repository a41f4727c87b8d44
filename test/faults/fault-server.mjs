// A server of an application under faults.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { StreamsModule } from '@nestwire/streams';
import { decorate } from '../rig/decorate.mjs';
import { ExpiringAuthenticator } from './authenticator.mjs';

const UNLIMITED = 1e9;
/** Limits that no run reaches. */
const LIMITS = {
  connectsPerSecond: UNLIMITED,
  connectsPerSecondPerAddress: UNLIMITED,
  maxConnectionsPerAddress: 10_000,
  maxConnectionsPerUser: 1_000,
  maxHandshakesPerAddress: 1_000,
};

/**
 * Starts a server that soon notices the loss of Redis and of connections.
 *
 * @param {object} parts
 * @param {string} parts.redis
 * @param {number} [parts.port] a free one by default
 * @param {object} [parts.limits] of the streams, beside those of connections
 * @param {any[]} [parts.imports]
 * @param {any[]} [parts.providers]
 * @param {import('@nestjs/common').LogLevel[] | false} [parts.logger]
 */
export async function startFaultServer({
  redis,
  port = 0,
  limits = {},
  imports = [],
  providers = [],
  logger = ['error'],
}) {
  class FaultsModule {}
  const streams = StreamsModule.forRoot({
    redis: { connection: redis, probeIntervalMs: 1_000, probeTimeoutMs: 2_000 },
    trustProxy: false,
    authenticator: ExpiringAuthenticator,
    limits: { ...LIMITS, ...limits },
    heartbeat: { pingMs: 2_000, pongMs: 2_000 },
  });
  decorate(FaultsModule, { decorators: [Module({ imports: [streams, ...imports], providers })] });
  const app = await NestFactory.create(FaultsModule, { logger });
  await app.listen(port, '127.0.0.1');
  return app;
}
