// A recipe of docs/recipes.md; run by recipes.spec.ts.
import { Injectable, Logger } from '@nestjs/common';
import { defineChannel, MessagesService } from '@nestwire/messages';
import { create, StreamMessage } from '@nestwire/protocol';
import { OnStreamMessage, StreamEndpoint, StreamSession, type StreamsOf } from '@nestwire/streams';
import { IsInt, IsString, Matches, Max, Min } from 'class-validator';
import type { AppUser } from '../authentication.js';

// #region server
@StreamMessage('jobs.start')
export class StartJob {
  declare readonly $type: 'jobs.start';
  @Matches(/^[\w-]{1,64}$/) jobId!: string; // chosen by the page
  @IsInt() @Min(1) @Max(1_000) rows!: number;
}

@StreamMessage('jobs.watch')
export class WatchJob {
  declare readonly $type: 'jobs.watch';
  @Matches(/^[\w-]{1,64}$/) jobId!: string;
}

@StreamMessage('jobs.progress')
export class Progress {
  declare readonly $type: 'jobs.progress';
  @IsString() jobId!: string;
  @IsInt() done!: number;
  @IsInt() total!: number;
}

export const job = defineChannel('job', { messages: [Progress], latest: true });

@Injectable()
export class JobRunner {
  constructor(private readonly messages: MessagesService) {}

  async run(userId: string, { jobId, rows: total }: StartJob): Promise<void> {
    for (let done = 1; done <= total; done++) {
      await new Promise(setImmediate); // the work on one row
      await this.messages.postMessage(job(`${userId}/${jobId}`), create(Progress, { jobId, done, total }));
    }
  }
}

@StreamEndpoint('jobs', { requireLogin: true })
export class JobsEndpoint {
  private readonly logger = new Logger('Jobs');

  constructor(private readonly runner: JobRunner) {}

  @OnStreamMessage(StartJob, { once: true })
  start(session: StreamSession<Progress, AppUser>, message: StartJob): void {
    // The answer does not wait for the job.
    this.runner.run(session.user.id, message).catch((error: unknown) => this.logger.error(error));
  }

  @OnStreamMessage(WatchJob)
  async watch(session: StreamSession<Progress, AppUser>, { jobId }: WatchJob): Promise<void> {
    await session.subscribe(job(`${session.user.id}/${jobId}`)); // a user sees their own jobs only
  }
}
// #endregion server

export type JobStreams = StreamsOf<{ jobs: JobsEndpoint }>;
