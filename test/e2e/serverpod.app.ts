import { Injectable, Module } from '@nestjs/common';
import { Exclude } from 'class-transformer';
import { Allow, IsString } from 'class-validator';
import { createStreamClient } from '@nestwire/client';
import { create, StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  type StreamsModuleOptions,
  type StreamsOf,
  type StreamUser,
} from '@nestwire/streams';
import { MESSAGES, Note, note, Task } from './messages.js';
import { Latch, startApp, towards, tracked, type RunningApp } from './start-app.js';

@StreamMessage('e2e.account')
export class Account {
  declare readonly $type: 'e2e.account';
  @IsString() name!: string;
  @Allow() @Exclude({ toPlainOnly: true }) passwordHash?: string;
}

@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    if (!token || token === 'bad') return null;
    return { id: token, scopes: token === 'admin' ? ['admin'] : [] };
  }
}

@Injectable()
export class Desk {
  readonly log: string[] = [];
  readonly latch = new Latch();
  readonly sessions = new Set<string>();
}

type Session = StreamSession<Note | Account, StreamUser | null>;

@StreamEndpoint('echo')
export class EchoEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: Session): void {
    this.desk.sessions.add(session.id);
    this.desk.log.push(`echo opened for ${session.user?.id ?? 'nobody'}`);
  }

  @OnStreamMessage(Note)
  handle(session: Session, message: Note): Note {
    if (!(message instanceof Note)) throw new TypeError('not decoded');
    this.desk.log.push(`${session.endpoint} ${session.user?.id ?? 'nobody'}`);
    return note(message.text.toUpperCase());
  }

  @OnStreamMessage(Task)
  async work(session: Session, { text }: Task): Promise<AsyncIterable<Note> | Note[] | void> {
    if (text === 'wait') await this.desk.latch.pass();
    if (text === 'throw') throw new Error('stack and all');
    if (text === 'state') session.setUserObject({ some: 'state' });
    if (text.startsWith('count ')) return this.count(Number(text.slice(6)));
  }

  @OnStreamMessage(Account)
  account(_session: Session, { name }: Account): Account {
    return create(Account, { name, passwordHash: 'scrypt$1$2$3' });
  }

  @OnStreamClosed()
  closed(session: Session, { code }: SessionCloseReason): void {
    this.desk.sessions.delete(session.id);
    this.desk.log.push(`echo closed ${code}`);
  }

  private async *count(end: number): AsyncGenerator<Note> {
    for (let at = 0; at < end; at++) yield note(String(at));
  }
}

@StreamEndpoint('members', { requireLogin: true })
export class MembersEndpoint {
  constructor(private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(): void {
    this.desk.log.push('members opened');
  }

  @OnStreamMessage(Note)
  handle(session: StreamSession<Note, StreamUser>, message: Note): Note {
    return note(`${session.user.id}: ${message.text}`);
  }

  @OnStreamClosed()
  closed(_session: StreamSession, { code }: SessionCloseReason): void {
    this.desk.log.push(`members closed ${code}`);
  }
}

@StreamEndpoint('admins', { requiredScopes: ['admin'] })
export class AdminsEndpoint {
  @OnStreamMessage(Note)
  handle(_session: StreamSession<Note, StreamUser>, message: Note): Note {
    return message;
  }
}

/** An endpoint that a module of the application brings. */
@StreamEndpoint('shop-echo')
export class ShopEchoEndpoint {
  @OnStreamMessage(Note)
  handle(_session: Session, message: Note): Note {
    return note(`shop ${message.text}`);
  }
}

@Module({ providers: [ShopEchoEndpoint] })
class ShopModule {}

export type Streams = StreamsOf<{
  echo: EchoEndpoint;
  members: MembersEndpoint;
  admins: AdminsEndpoint;
  'shop-echo': ShopEchoEndpoint;
}>;

/** Starts the application. */
export const start = (options?: StreamsModuleOptions) =>
  startApp({
    options: { authenticator: Users, ...options },
    imports: [ShopModule],
    providers: [Desk, EchoEndpoint, MembersEndpoint, AdminsEndpoint],
  });

/** A client whose credential the test may change. */
export function clientOf(target: Pick<RunningApp, 'port'>, token: string | null = null) {
  const credential = { token };
  const options = { ...towards(target), messages: [...MESSAGES, Account], auth: () => credential.token };
  const client = tracked(createStreamClient<Streams>()(options as never)) as ReturnType<typeof untyped>;
  return Object.assign(client, { credential });
}

const untyped = () => createStreamClient<Streams>()({ url: '', messages: [Note, Task, Account] as const });

/** The frame that opens a stream. */
export const open = (id: number, endpoint: string) => ({ t: 'open', id, endpoint });
/** The frame of a message. */
export const say = (id: number, endpoint: string, data: object = { text: 'x' }, type = 'e2e.note') => ({
  t: 'message',
  id,
  stream: endpoint,
  type,
  data,
});
/** The texts of notes. */
export const texts = (messages: readonly object[]) => messages.map((message) => (message as Note).text);
/** The code of an error frame. */
export const codeOf = (error: Record<string, unknown>) => (error.error as { code: string }).code;
