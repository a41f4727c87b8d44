// A process that takes one message of a durable consumer in hand and never finishes it; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineChannel, MessagesModule, DurableConsumersService } from '@nestwire/messages';
import { StreamMessage } from '@nestwire/protocol';
import { decorate } from '../rig/decorate.mjs';
import { tellParent } from '../rig/tell-parent.mjs';

const [redis, part, claimAfterMs] = process.argv.slice(2);

const Job = decorate(
  class Job {
    number = 0;
  },
  { decorators: [StreamMessage('named-readers.job')] },
);

class AppModule {}
Module({ imports: [MessagesModule.forRoot({ redis })] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const jobs = defineChannel('jobs', { messages: [Job], history: { messages: 1_000, ageMs: 3_600_000 } });
/** @returns {Promise<void>} */
const handle = ({ number }) => {
  tellParent({ begun: number });
  return new Promise(() => undefined);
};
await app
  .get(DurableConsumersService)
  .addConsumer(jobs(part), handle, { name: 'billing', claimAfterMs: Number(claimAfterMs) });
tellParent({ ready: true });
process.on('disconnect', () => process.exit());
