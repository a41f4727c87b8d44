// A process of a cluster that is in channels, told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagesModule, PresenceService } from '@nestwire/messages';
import { applyPresence, EMPTY_PRESENCE } from '@nestwire/protocol';
import { answerParent } from '../rig/child.mjs';

let app;
let presence;
const heard = [];
let view = EMPTY_PRESENCE;

async function start({ url, leaseMs }) {
  class AppModule {}
  Module({
    imports: [
      MessagesModule.forRoot({
        redis: { connection: url, commandTimeoutMs: 1_000, maxReconnectDelayMs: 200 },
        ...(leaseMs && { presence: { leaseMs } }),
      }),
    ],
  })(AppModule);
  app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  presence = app.get(PresenceService);
  const changes = presence.changes('room');
  await changes.attached;
  void (async () => {
    for await (const { $type, id } of changes) heard.push(`${$type.split('.').pop()} ${id}`);
  })();
  void (async () => {
    for await (const event of presence.watch('room')) view = applyPresence(view, event);
  })();
  return process.pid;
}

answerParent({
  start,
  join: ({ id, userId }) => presence.join('room', { id, userId }),
  list: async () => (await presence.list('room')).map(({ id }) => id).toSorted(),
  heard: () => heard,
  watched: () => (view.isComplete ? view.members.map(({ id }) => id).toSorted() : []),
  close: () => app.close(),
});
