import { SessionAnswers } from '../session/session-answers.js';
import type { SessionRuntime } from '../session/session.runtime.js';
import type { StreamHandshake } from '../session/stream-handshake.js';
import type { AnswerMemory, ClientAnswers } from './answer-memory.js';
import type { StreamUser } from './stream-authenticator.js';

/** The answers that one connection adds to: those of its client and user. */
export class ConnectionAnswers {
  private answers: ClientAnswers | undefined;

  constructor(private readonly memory: AnswerMemory) {}

  /** Takes the answers of this user and client; returns whether they are others than before. */
  identify({ user, handshake }: { user: StreamUser | null; handshake: StreamHandshake }): boolean {
    const before = this.answers;
    this.answers = this.memory.join(user, handshake.client);
    this.memory.leave(before, performance.now());
    return this.answers !== before;
  }

  /** Lets a session add to them, and to no others. */
  attach(runtime: SessionRuntime): void {
    runtime.answers?.leave();
    const answers = this.answers?.of(runtime.session.endpoint);
    runtime.answers = answers && new SessionAnswers(answers, runtime);
  }

  /** Leaves them, when nothing of the connection is there that could add to them. */
  leave(): void {
    this.memory.leave(this.answers, performance.now());
    this.answers = undefined;
  }
}
