// A server with stream methods under faults. Told by its parent what to do; it uses the built packages.
import 'reflect-metadata';
import { create } from '@nestwire/protocol';
import { CallItems, StreamCall, StreamEndpoint, StreamMethod, StreamsService } from '@nestwire/streams';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from '../rig/child.mjs';
import { decorate } from '../rig/decorate.mjs';
import { Done, Job, Piece, RESUMABLE_MS } from './call-work.mjs';
import { startFaultServer } from './fault-server.mjs';

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

async function start({ redis, port }) {
  app = await startFaultServer({
    redis,
    port,
    limits: { maxResumableCalls: 10_000, maxCalls: 10_000 },
    providers: [WorkEndpoint],
  });
  return app.getHttpServer().address().port;
}

answerParent({ start, runs: () => runs, counters: () => app.get(StreamsService).counters() });
