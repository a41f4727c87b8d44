import 'reflect-metadata';
import type { Server } from 'node:http';
import { Inject, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  CallItems,
  StreamAuthenticator,
  StreamCall,
  StreamEndpoint,
  StreamHandshake,
  StreamMethod,
  StreamsModule,
  StreamsService,
  type StreamsOf,
} from '@nestwire/streams';
import type { FakeClock } from '@nestwire/testing';
import { StreamsServer } from '../../../libs/streams/src/streams-server.js';
import { NodeBroker, type CallCluster } from './call-cluster.js';
import { NodeClock } from './node-clock.js';

/** The request of a call; its name identifies the call in all ledgers. */
@StreamMessage('calls-world.job')
export class Job {
  declare readonly $type: 'calls-world.job';
  @IsString() name!: string;
  /** The number of items of the reply. */
  @IsInt() count!: number;
  /** The number of turns of the event loop that each item takes. */
  @IsInt() turns!: number;
  /** The time that each item takes, in milliseconds of the world. */
  @IsInt() restMs!: number;
}

/** An item of a call. */
@StreamMessage('calls-world.piece')
export class Piece {
  declare readonly $type: 'calls-world.piece';
  @IsString() name!: string;
  @IsInt() number!: number;
}

/** The one reply of a call. */
@StreamMessage('calls-world.done')
export class Done {
  declare readonly $type: 'calls-world.done';
  @IsString() name!: string;
  @IsInt() count!: number;
}

/** One execution of a method on a server. */
export interface Run {
  readonly name: string;
  /** The number of its server; a server that takes the place of a dead one has another number. */
  readonly node: number;
  readonly beganAtMs: number;
  /** True when its server has died before its end. */
  readonly isOrphan: boolean;
  /** The number of items that the generator has yielded. */
  produced: number;
  /** The time of the last one. */
  producedAtMs: number;
  /** True once more was produced than the readers have taken and the call may store. */
  isAhead: boolean;
  /** The numbers of the items of the client. */
  readonly taken: number[];
  /** The number of times that its `finally` ran. */
  finals: number;
}

/** A ledger of the methods of all servers. */
export class Work {
  runs: Run[] = [];
  /** Changes with each step of a method. */
  activity = 0;
  /** Returns the number of items of a call that its readers have taken. */
  takenBy: (name: string) => number = () => 0;
  readonly #dead = new Set<number>();
  /** Ends the rests that last, with their servers. */
  readonly #rests = new Map<() => void, number>();

  constructor(private readonly clock: FakeClock) {}

  begin(name: string, node: number): Run {
    const run: Run = {
      ...{ name, node, beganAtMs: this.clock.now(), isOrphan: false },
      ...{ produced: 0, producedAtMs: 0, isAhead: false, taken: [], finals: 0 },
    };
    this.runs.push(run);
    this.activity++;
    return run;
  }

  produced(run: Run, number: number, maxUnread = Infinity): void {
    run.produced = number;
    run.producedAtMs = this.clock.now();
    run.isAhead ||= number > this.takenBy(run.name) + maxUnread;
  }

  /** Waits as long as an item takes. A server that has died waits for nothing. */
  async rest({ turns, restMs }: Job, node: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      this.activity++;
      await new Promise(setImmediate);
    }
    if (restMs && !this.#dead.has(node))
      await new Promise<void>((resolve) => this.wait(restMs, node, resolve));
    this.activity++;
  }

  private wait(ms: number, node: number, resolve: () => void): void {
    const end = (): void => {
      cancel();
      this.#rests.delete(end);
      resolve();
    };
    const cancel = this.clock.after(ms, end);
    this.#rests.set(end, node);
  }

  /** Ends the rests of a server that has died, and keeps what its runs have done so far. */
  died(node: number): void {
    this.#dead.add(node);
    for (const [end, of] of [...this.#rests]) if (of === node) end();
    this.runs = this.runs.map((run) =>
      run.node === node ? { ...run, taken: [...run.taken], isOrphan: run.finals === 0 } : run,
    );
  }
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): { id: string } | null {
    return token ? { id: token } : null;
  }
}

const NODE = Symbol('node');

/** The bounds of the resumable method: a slow reader soon pauses it. */
export const RESUMABLE = { forMs: 60_000, maxItems: 3 };

@StreamEndpoint('work')
class WorkEndpoint {
  constructor(
    @Inject(Work) private readonly work: Work,
    @Inject(NODE) private readonly node: number,
  ) {}

  @StreamMethod(Job)
  async reply(_call: StreamCall, job: Job): Promise<Done> {
    return this.noted(job, async () => {
      await this.work.rest(job, this.node);
      return create(Done, { name: job.name, count: job.count });
    });
  }

  @StreamMethod(Job, { once: true })
  async once(call: StreamCall, job: Job): Promise<Done> {
    return this.reply(call, job);
  }

  @StreamMethod(Job, { resumable: RESUMABLE })
  generate(_call: StreamCall, job: Job): AsyncGenerator<Piece> {
    return this.pieces(job, RESUMABLE.maxItems);
  }

  @StreamMethod(Job)
  watch(_call: StreamCall, job: Job): AsyncGenerator<Piece> {
    return this.pieces(job);
  }

  private async *pieces(job: Job, maxUnread?: number): AsyncGenerator<Piece> {
    const run = this.work.begin(job.name, this.node);
    try {
      for (let number = 1; number <= job.count; number++) {
        await this.work.rest(job, this.node);
        this.work.produced(run, number, maxUnread);
        yield create(Piece, { name: job.name, number });
      }
    } finally {
      run.finals++;
    }
  }

  @StreamMethod(Job, { items: Piece })
  async upload(_call: StreamCall, job: Job, pieces: CallItems<Piece>): Promise<Done> {
    return this.noted(job, async (run) => {
      for await (const { number } of pieces) {
        run.taken.push(number);
        await this.work.rest(job, this.node);
      }
      return create(Done, { name: job.name, count: run.taken.length });
    });
  }

  @StreamMethod(Job, { items: Piece })
  async *echo(_call: StreamCall, job: Job, pieces: CallItems<Piece>): AsyncGenerator<Piece> {
    const run = this.work.begin(job.name, this.node);
    try {
      for await (const piece of pieces) {
        run.taken.push(piece.number);
        await this.work.rest(job, this.node);
        this.work.produced(run, run.produced + 1);
        yield piece;
      }
    } finally {
      run.finals++;
    }
  }

  private async noted(job: Job, work: (run: Run) => Promise<Done>): Promise<Done> {
    const run = this.work.begin(job.name, this.node);
    try {
      return await work(run);
    } finally {
      run.finals++;
    }
  }
}

/** The streams of the application, for its clients. */
export type WorkStreams = StreamsOf<{ work: WorkEndpoint }>;

/** A server of the cluster. */
export interface WorkApp {
  /** The number of the server; each one that is started has another. */
  readonly number: number;
  readonly app: INestApplication;
  /** Undefined once the server has died. */
  server: Server | undefined;
  readonly streams: StreamsService;
  /** The parts inside, whose state must not remain. */
  readonly inner: StreamsServer;
  readonly broker: NodeBroker;
  readonly clock: NodeClock;
}

/** The limits of the servers: small windows, so that calls often wait. */
export const WORK_LIMITS = { callWindow: 4, callWindowBytes: 1_000, maxCalls: 1_000 };

const LIMITS = {
  ...WORK_LIMITS,
  connectsPerSecond: 1e9,
  framesPerSecond: 1e9,
  itemsPerSecond: 1e9,
  bytesPerSecond: 1e12,
  maxConnectionsPerUser: 10_000,
  outboundSoftBytes: 2_000,
  outboundHardBytes: 200_000,
  slowConsumerMs: 1e9,
  maxConnectionAgeMs: 1e12,
};

/** Starts a server, which listens to no port: connections are given to it. */
export async function startWork(work: Work, cluster: CallCluster, number: number): Promise<WorkApp> {
  const broker = new NodeBroker(cluster, number);
  const clock = new NodeClock(cluster.clock);

  @Module({
    imports: [
      StreamsModule.forRoot({
        authenticator: Users,
        trustProxy: false,
        heartbeat: { pingMs: 1e8 },
        limits: LIMITS,
        shutdown: { deadlineMs: 200 },
        messages: { broker, clock },
      }),
    ],
    providers: [{ provide: Work, useValue: work }, { provide: NODE, useValue: number }, WorkEndpoint],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.init();
  const server = app.getHttpServer() as Server;
  const [streams, inner] = [app.get(StreamsService), app.get(StreamsServer)];
  return { number, app, server, streams, inner, broker, clock };
}
