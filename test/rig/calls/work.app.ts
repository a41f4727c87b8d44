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

/** The request of a call; its name identifies the call in all ledgers. */
@StreamMessage('calls-world.job')
export class Job {
  declare readonly $type: 'calls-world.job';
  @IsString() name!: string;
  /** The number of items of the reply. */
  @IsInt() count!: number;
  /** The number of turns of the event loop that each item takes. */
  @IsInt() turns!: number;
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
  readonly node: number;
  /** The number of items that the generator has yielded. */
  produced: number;
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

  begin(name: string, node: number): Run {
    const run: Run = { name, node, produced: 0, taken: [], finals: 0 };
    this.runs.push(run);
    this.activity++;
    return run;
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      this.activity++;
      await new Promise(setImmediate);
    }
  }
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): { id: string } | null {
    return token ? { id: token } : null;
  }
}

const NODE = Symbol('node');

@StreamEndpoint('work')
class WorkEndpoint {
  constructor(
    @Inject(Work) private readonly work: Work,
    @Inject(NODE) private readonly node: number,
  ) {}

  @StreamMethod(Job)
  async reply(_call: StreamCall, job: Job): Promise<Done> {
    return this.noted(job, async () => {
      await this.work.turns(job.turns);
      return create(Done, { name: job.name, count: job.count });
    });
  }

  @StreamMethod(Job, { resumable: { forMs: 600_000, maxItems: 3 } })
  async *generate(call: StreamCall, job: Job): AsyncGenerator<Piece> {
    yield* this.watch(call, job);
  }

  @StreamMethod(Job)
  async *watch(_call: StreamCall, job: Job): AsyncGenerator<Piece> {
    const run = this.work.begin(job.name, this.node);
    try {
      for (let number = 1; number <= job.count; number++) {
        await this.work.turns(job.turns);
        run.produced = number;
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
        await this.work.turns(job.turns);
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
        await this.work.turns(job.turns);
        run.produced++;
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
  readonly app: INestApplication;
  readonly server: Server;
  readonly streams: StreamsService;
}

/** The limits of the servers: small windows, so that calls often wait. */
export const WORK_LIMITS = { callWindow: 4, callWindowBytes: 1_000, maxCalls: 1_000 };

const LIMITS = {
  ...WORK_LIMITS,
  connectsPerSecond: 1e9,
  framesPerSecond: 1e9,
  bytesPerSecond: 1e12,
  maxConnectionsPerUser: 10_000,
  outboundSoftBytes: 2_000,
  outboundHardBytes: 200_000,
  slowConsumerMs: 1e9,
  maxConnectionAgeMs: 1e12,
};

/** Starts a server, which listens to no port: connections are given to it. */
export async function startWork(work: Work, node: number): Promise<WorkApp> {
  @Module({
    imports: [
      StreamsModule.forRoot({
        authenticator: Users,
        trustProxy: false,
        heartbeat: { pingMs: 1e8 },
        limits: LIMITS,
        shutdown: { deadlineMs: 200 },
      }),
    ],
    providers: [{ provide: Work, useValue: work }, { provide: NODE, useValue: node }, WorkEndpoint],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.init();
  return { app, server: app.getHttpServer() as Server, streams: app.get(StreamsService) };
}
