import { createHash } from 'node:crypto';
import type { ClaimsBackend } from '@nestwire/messages';
import { StreamAnswers, type AnswerKeeper } from '../session/stream-answers.js';
import type { StreamsLimits } from '../streams.limits.js';
import type { StreamUser } from './stream-authenticator.js';

/** No client takes more than its part of the memory. */
const CLIENTS_AT_LEAST = 64;
/** A client has sent less than its window of unanswered messages; the rest is for refusals. */
const ANSWERS_PER_PENDING = 2;

/** The answers to one client of one user. */
export class ClientAnswers implements AnswerKeeper {
  bytes = 0;
  /** How many connections the client has. */
  connections = 0;
  /** When the last of them ended. */
  leftAt = 0;
  readonly claimTtlMs: number;
  readonly maxAnswers: number;
  private readonly maxBytes: number;
  private readonly streams = new Map<string, StreamAnswers>();

  constructor(
    readonly key: string,
    readonly claims: ClaimsBackend,
    private readonly memory: AnswerMemory,
  ) {
    const { resendWindowMs, handlerTimeoutMs, maxPendingMessages, resendMemoryBytes } = memory.limits;
    this.maxBytes = resendMemoryBytes / CLIENTS_AT_LEAST;
    this.claimTtlMs = Math.ceil(resendWindowMs + handlerTimeoutMs);
    this.maxAnswers = Math.max(1, ANSWERS_PER_PENDING * maxPendingMessages);
  }

  /** Returns the answers of an endpoint's stream. */
  of(endpoint: string): StreamAnswers {
    const stream = this.streams.get(endpoint) ?? new StreamAnswers(this);
    this.streams.set(endpoint, stream);
    return stream;
  }

  readonly claimIdOf = (id: number): string =>
    createHash('sha256').update(`${id}.${this.key}`).digest('base64url');

  grow(bytes: number): boolean {
    this.bytes += bytes;
    const hasRoom = this.memory.grow(bytes);
    return hasRoom && this.bytes <= this.maxBytes;
  }
}

/** How the messages of all clients were answered, as far as they may be sent again. */
export class AnswerMemory {
  private readonly connected = new Map<string, ClientAnswers>();
  /** Those without a connection, who left first. */
  private readonly gone = new Map<string, ClientAnswers>();
  private all = 0;

  constructor(
    readonly limits: StreamsLimits,
    private readonly claims: ClaimsBackend,
  ) {}

  /** How many clients are remembered after their last connection. */
  get goneClients(): number {
    return this.gone.size;
  }

  /** About how many bytes all take. */
  get bytes(): number {
    return this.all;
  }

  /** Returns the answers to a client of this user, until `leave`; undefined where none are kept. */
  join(user: StreamUser | null, client: string | undefined): ClientAnswers | undefined {
    if (client === undefined || this.limits.resendWindowMs <= 0) return undefined;
    // A client's name has no colon, so no two pairs share a key.
    const key = user ? `${client}:${user.id}` : client;
    const known = this.connected.get(key) ?? this.gone.get(key);
    const answers = known ?? new ClientAnswers(key, this.claims, this);
    answers.connections++;
    this.gone.delete(key);
    this.connected.set(key, answers);
    return answers;
  }

  /** A connection of the client has ended; what it was answered is kept for the window. */
  leave(answers: ClientAnswers | undefined, now: number): void {
    if (!answers || --answers.connections) return;
    answers.leftAt = now;
    this.connected.delete(answers.key);
    if (answers.bytes) this.gone.set(answers.key, answers);
  }

  /** Forgets the clients whose window is over. */
  sweep(now: number): void {
    for (const answers of this.gone.values()) {
      if (now - answers.leftAt <= this.limits.resendWindowMs) return;
      this.forget(answers);
    }
  }

  /** Counts bytes; makes room by forgetting who left first. Returns false when there is none. */
  grow(bytes: number): boolean {
    this.all += bytes;
    for (const answers of this.gone.values()) {
      if (this.all <= this.limits.resendMemoryBytes) return true;
      this.forget(answers);
    }
    return this.all <= this.limits.resendMemoryBytes;
  }

  private forget(answers: ClientAnswers): void {
    this.gone.delete(answers.key);
    this.all -= answers.bytes;
    answers.bytes = 0;
  }
}
