// A server of a cluster under faults: an application with a stream endpoint that lets rooms flow to its
// clients, and a publisher. Told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesService, DurableConsumersService, PresenceService } from '@nestwire/messages';
import { StreamsModule, StreamsService } from '@nestwire/streams';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { ExpiringAuthenticator } from './authenticator.mjs';
import { defineEndpoints, LOBBY } from './endpoints.mjs';
import { EventLog } from './event-log.mjs';
import { Publisher } from './publisher.mjs';
import { defineRoom } from './rooms.mjs';
import { readByName } from './named-work.mjs';

const SAMPLE_MS = 1_000;
const UNLIMITED = 1e9;
const limits = {
  connectsPerSecond: UNLIMITED,
  connectsPerSecondPerAddress: UNLIMITED,
  maxConnectionsPerAddress: 10_000,
  maxHandshakesPerAddress: 1_000,
};

let app;
let log;
let publisher;
/** The ids of the sessions that are open here. */
let live;

/**
 * Starts the application, which subscribes each client to `rooms`.
 *
 * @param {any} setup
 */
async function start({
  name,
  directory,
  redis,
  port = 0,
  rooms,
  room: roomOptions,
  scope = '',
  isSignedIn = false,
  work,
  options = {},
}) {
  log = new EventLog(directory, name);
  process.on('unhandledRejection', (/** @type {any} */ error) =>
    log.write('unhandled', { p: name, error: String(error?.stack ?? error) }),
  );
  const room = defineRoom(roomOptions);
  const { endpoints, sessions } = defineEndpoints({ name, log, rooms, room });
  live = sessions;
  class FaultsModule {}
  decorate(FaultsModule, {
    decorators: [
      Module({
        imports: [
          StreamsModule.forRoot({
            redis,
            trustProxy: false,
            ...options,
            // As in production: the balancer asks until the clients have left.
            shutdown: { closeListener: 'last', ...options.shutdown },
            ...(isSignedIn && { authenticator: ExpiringAuthenticator }),
            limits: { ...limits, ...options.limits },
          }),
        ],
        providers: endpoints,
      }),
    ],
  });
  app = await NestFactory.create(FaultsModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(port, '127.0.0.1');
  publisher = new Publisher({ name, scope, rooms, room, messages: app.get(MessagesService), log });
  if (work) await readByName(app.get(DurableConsumersService), { name, log, scope, rooms, room, ...work });
  sample(name);
  return { port: app.getHttpServer().address().port };
}

/** Writes down from time to time what the process holds, and how late its event loop is. */
function sample(name) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  setInterval(() => {
    const messages = app.get(MessagesService);
    const { status } = messages;
    const counters = { ...app.get(StreamsService).counters() };
    const lagMs = delay.percentile(99) / 1e6;
    delay.reset();
    log.write('sample', {
      p: name,
      rss: process.memoryUsage.rss(),
      handles: process.getActiveResourcesInfo().length,
      status,
      lagMs,
      undecodable: messages.counters().undecodable,
      counters,
    });
  }, SAMPLE_MS).unref();
}

/** Does nothing but compute, as a handler does that never gives way. */
function stall({ ms }) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

answerParent({
  start,
  stall,
  startPosting: (plan) => publisher.start(plan),
  stopPosting: () => publisher.stop(),
  postToAll: () => publisher.close(),
  counters: () => app.get(StreamsService).counters(),
  status: () => app.get(MessagesService).status,
  /** Returns the reported members, and the actual ones. */
  presence: async () => ({
    present: (await app.get(PresenceService).list(LOBBY)).flatMap(({ connections }) =>
      connections.map(({ id }) => id),
    ),
    live: [...live],
  }),
  close: () => app.close(),
});
