import 'reflect-metadata';
import type { Server } from 'node:http';
import { Inject, Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { defineChannel, MessagesService, type Channel } from '@nestwire/messages';
import type { Broker } from '@nestwire/messages/backend';
import { create, StreamGap, StreamMessage } from '@nestwire/protocol';
import {
  ChannelSnapshot,
  OnStreamMessage,
  OnStreamOpened,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  StreamsModule,
  StreamsService,
  type StreamsOf,
} from '@nestwire/streams';
import type { FakeClock } from '@nestwire/testing';

/** A message of a channel; its text names it. */
@StreamMessage('recovery.note')
export class Note {
  declare readonly $type: 'recovery.note';
  @IsString() channel!: string;
  @IsString() name!: string;
  @IsString() padding!: string;
}

/** A snapshot for all messages of a channel up to now. */
@StreamMessage('recovery.state')
export class State {
  declare readonly $type: 'recovery.state';
  @IsString() channel!: string;
}

/** A request of a client about a channel. */
@StreamMessage('recovery.wish')
export class Wish {
  declare readonly $type: 'recovery.wish';
  @IsString() verb!: string;
  @IsString() channel!: string;
}

/** Ages within a step, and is trimmed within a burst. */
const SHORT = { messages: 8, ageMs: 5_000 };

/** The kinds of channels that clients subscribe to; a run has channels of its own. */
export const KINDS = {
  long: defineChannel('long', { messages: [Note], history: { messages: 500, ageMs: 3_600_000 } }),
  short: defineChannel('short', { messages: [Note], history: SHORT }),
  board: defineChannel('board', { messages: [Note], history: SHORT, snapshot: [State] }),
  latest: defineChannel('newest', { messages: [Note], latest: true }),
};

/** Names a kind of channel. */
export type Kind = keyof typeof KINDS;

type Session = StreamSession<Note | State | StreamGap, { id: string }>;

/** The plan of the sessions for the channels of their client, for all users. */
export class Plan {
  /** Channels to let go of, as `user channel`. */
  readonly released = new Set<string>();
  /** Users whose sessions subscribe by themselves to what they had. */
  readonly eager = new Set<string>();
  /** Channels that sessions of a user subscribe to as they open, whatever the client had. */
  readonly always = new Map<string, readonly string[]>();
}

/** Takes any credential as the name of a user. */
@Injectable()
class Users extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): { id: string } | null {
    return token ? { id: token } : null;
  }
}

@Injectable()
class Desk {
  readonly #subscriptions = new WeakMap<Session, Map<string, Disposable>>();

  constructor(@Inject(Plan) private readonly plan: Plan) {}

  async opened(session: Session): Promise<void> {
    for (const name of this.plan.always.get(session.user.id) ?? [])
      await this.wish(session, 'subscribe', name);
    for (const name of [...session.resuming]) {
      if (this.plan.released.delete(`${session.user.id} ${name}`)) session.resuming.release(name);
      else if (this.plan.eager.has(session.user.id)) await this.wish(session, 'subscribe', name);
    }
  }

  async wish(session: Session, verb: string, name: string): Promise<void> {
    const all = this.#subscriptions.get(session) ?? new Map<string, Disposable>();
    this.#subscriptions.set(session, all);
    const present = all.get(name);
    all.delete(name);
    present?.[Symbol.dispose]();
    if (verb === 'subscribe') all.set(name, await session.subscribe(channelNamed(name) as never));
  }
}

@StreamEndpoint('desk', { requireLogin: true })
class DeskEndpoint {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: Session): Promise<void> {
    return this.desk.opened(session);
  }

  @OnStreamMessage(Wish)
  wish(session: Session, { verb, channel }: Wish): Promise<void> {
    return this.desk.wish(session, verb, channel);
  }

  @ChannelSnapshot(KINDS.board)
  snapshot({ name }: Channel): State {
    return create(State, { channel: name });
  }
}

@StreamEndpoint('lobby', { requireLogin: true })
class LobbyEndpoint {
  constructor(@Inject(Desk) private readonly desk: Desk) {}

  @OnStreamOpened()
  opened(session: Session): Promise<void> {
    return this.desk.opened(session);
  }

  @OnStreamMessage(Wish)
  wish(session: Session, { verb, channel }: Wish): Promise<void> {
    return this.desk.wish(session, verb, channel);
  }
}

/** The streams of the application, for its clients. */
export type DeskStreams = StreamsOf<{ desk: DeskEndpoint; lobby: LobbyEndpoint }>;

/** Returns the channel of a name that one of the kinds made. */
export function channelNamed(name: string): Channel<Note> {
  const [kind, ...parts] = name.split(':');
  return Object.values(KINDS).find((channel) => channel.name === kind)!(...parts);
}

/** A server of the cluster. */
export interface DeskApp {
  readonly app: INestApplication;
  readonly server: Server;
  readonly messages: MessagesService;
  readonly streams: StreamsService;
}

const LIMITS = {
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
export async function startDesk(
  backend: Broker,
  clock: FakeClock,
  plan: Plan = new Plan(),
): Promise<DeskApp> {
  @Module({
    imports: [
      StreamsModule.forRoot({
        authenticator: Users,
        trustProxy: false,
        heartbeat: { pingMs: 1e8 },
        limits: LIMITS,
        shutdown: { deadlineMs: 200 },
        messages: { clock, broker: backend },
      }),
    ],
    providers: [{ provide: Plan, useValue: plan }, Desk, DeskEndpoint, LobbyEndpoint],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.init();
  return {
    app,
    server: app.getHttpServer() as Server,
    messages: app.get(MessagesService, { strict: false }),
    streams: app.get(StreamsService),
  };
}
