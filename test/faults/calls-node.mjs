// A server with stream methods under faults. Told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { create } from '@nestwire/protocol';
import {
  CallItems,
  StreamCall,
  StreamEndpoint,
  StreamMethod,
  StreamsModule,
  StreamsService,
} from '@nestwire/streams';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { ExpiringAuthenticator } from './authenticator.mjs';
import { Done, Job, Piece, RESUMABLE_MS } from './call-work.mjs';

const UNLIMITED = 1e9;
const LIMITS = {
  connectsPerSecond: UNLIMITED,
  connectsPerSecondPerAddress: UNLIMITED,
  maxConnectionsPerAddress: 10_000,
  maxConnectionsPerUser: 1_000,
  maxHandshakesPerAddress: 1_000,
  maxResumableCalls: 10_000,
  maxCalls: 10_000,
};

/** The executions of methods, which write down how they went. */
const runs = [];
let app;

async function noted({ name }, work) {
  const run = { name, taken: [], finals: 0 };
  runs.push(run);
  try {
    return await work(run);
  } finally {
    run.finals++;
  }
}

async function* pieces({ name, count, restMs }) {
  const run = { name, taken: [], finals: 0 };
  runs.push(run);
  try {
    for (let number = 1; number <= count; number++) {
      await wait(restMs);
      yield create(Piece, { name, number });
    }
  } finally {
    run.finals++;
  }
}

class WorkEndpoint {
  generate(_call, job) {
    return pieces(job);
  }

  watch(_call, job) {
    return pieces(job);
  }

  once(_call, job) {
    return noted(job, async () => {
      await wait(job.restMs);
      return create(Done, { name: job.name, count: job.count });
    });
  }

  upload(_call, job, items) {
    return noted(job, async ({ taken }) => {
      for await (const { number } of items) {
        taken.push(number);
        await wait(job.restMs);
      }
      return create(Done, { name: job.name, count: taken.length });
    });
  }
}

decorate(WorkEndpoint, {
  decorators: [StreamEndpoint('work')],
  methods: {
    generate: {
      decorators: [StreamMethod(Job, { resumable: { forMs: RESUMABLE_MS } })],
      takes: [StreamCall, Job],
    },
    watch: { decorators: [StreamMethod(Job)], takes: [StreamCall, Job] },
    once: { decorators: [StreamMethod(Job, { once: true })], takes: [StreamCall, Job] },
    upload: { decorators: [StreamMethod(Job, { items: Piece })], takes: [StreamCall, Job, CallItems] },
  },
});

async function start({ redis, port = 0 }) {
  class CallsModule {}
  decorate(CallsModule, {
    decorators: [
      Module({
        imports: [
          StreamsModule.forRoot({
            redis: { connection: redis, probeIntervalMs: 1_000, probeTimeoutMs: 2_000 },
            trustProxy: false,
            authenticator: ExpiringAuthenticator,
            limits: LIMITS,
            heartbeat: { pingMs: 2_000, pongMs: 2_000 },
          }),
        ],
        providers: [WorkEndpoint],
      }),
    ],
  });
  app = await NestFactory.create(CallsModule, { logger: ['error'] });
  await app.listen(port, '127.0.0.1');
  return app.getHttpServer().address().port;
}

answerParent({ start, runs: () => runs, counters: () => app.get(StreamsService).counters() });
