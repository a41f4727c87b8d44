import type { AddressInfo } from 'node:net';
import { Injectable, Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Type as Kind } from 'class-transformer';
import {
  Allow,
  IsBoolean,
  IsDate,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { StreamMessage } from '@nestwire/protocol';
import {
  OnStreamClosed,
  OnStreamMessage,
  OnStreamOpened,
  SessionCloseReason,
  StreamAuthenticator,
  StreamEndpoint,
  StreamHandshake,
  StreamSession,
  StreamsModule,
  StreamsService,
  type StreamsModuleOptions,
  type StreamUser,
} from '@nestwire/streams';

export class Part {
  @IsInt() cents!: number;
}

@StreamMessage('echo.note')
export class Note {
  declare readonly $type: 'echo.note';
  @IsString() @MaxLength(200_000) text!: string;
  @IsOptional() @IsDate() @Kind(() => Date) at?: Date;
  @IsOptional() @ValidateNested() @Kind(() => Part) part?: Part;
  @IsOptional() @IsNumber() amount?: number;
  @IsOptional() @IsNumber({ allowNaN: true, allowInfinity: true }) loose?: number;
  @IsOptional() @IsBoolean() flag?: boolean;
  @IsOptional() @Allow() free?: unknown;
}

@StreamMessage('echo.wait')
export class Wait {
  declare readonly $type: 'echo.wait';
  @IsString() name!: string;
}

/** Holds the handlers of `Wait` until a test lets them go. */
@Injectable()
export class Gate {
  private readonly waiting: Array<() => void> = [];

  pass(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  open(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

@Injectable()
export class EchoAuthenticator extends StreamAuthenticator {
  calls = 0;

  authenticate({ token }: StreamHandshake): Promise<StreamUser | null> | StreamUser | null {
    this.calls++;
    if (token === 'throw') throw new Error('secret of the database');
    if (token === 'hang') return new Promise(() => undefined);
    if (token === 'slow') return new Promise((resolve) => setTimeout(resolve, 100, { id: 'user-slow' }));
    if (token === 'junk') return 5 as never;
    if (token?.startsWith('expired-')) return { id: 'user-old', expiresAt: Date.now() - 60_000 };
    return token?.startsWith('user-') ? { id: token, scopes: token === 'user-admin' ? ['admin'] : [] } : null;
  }
}

@StreamEndpoint('echo')
export class EchoEndpoint {
  readonly closed: SessionCloseReason[] = [];

  constructor(private readonly gate: Gate) {}

  @OnStreamMessage(Note)
  note(_session: StreamSession<Note, StreamUser | null>, note: Note): Note {
    return note;
  }

  @OnStreamMessage(Wait)
  async wait(_session: StreamSession<Note, StreamUser | null>, _message: Wait): Promise<void> {
    await this.gate.pass();
  }

  @OnStreamClosed()
  onClosed(_session: StreamSession, reason: SessionCloseReason): void {
    this.closed.push(reason);
  }
}

@StreamEndpoint('members', { requireLogin: true })
export class MembersEndpoint {
  @OnStreamOpened()
  opened(session: StreamSession<Note, StreamUser>): Promise<void> {
    return session.sendStreamMessage(Object.assign(new Note(), { text: `welcome ${session.user.id}` }));
  }

  @OnStreamMessage(Note)
  note(_session: StreamSession<Note, StreamUser>, note: Note): Note {
    return note;
  }
}

/** A running application and what tests look at in it. */
export interface EchoApp {
  readonly app: INestApplication;
  readonly port: number;
  readonly streams: StreamsService;
  readonly gate: Gate;
  readonly endpoint: EchoEndpoint;
}

/** Starts the application on a free port. */
export async function startEchoApp(
  options: StreamsModuleOptions = {},
  providers: Type[] = [],
): Promise<EchoApp> {
  @Module({
    imports: [
      StreamsModule.forRoot({
        authenticator: EchoAuthenticator,
        trustProxy: false,
        ...options,
        limits: { closeTimeoutMs: 400, ...options.limits },
      }),
    ],
    providers: [EchoEndpoint, MembersEndpoint, Gate, ...providers],
  })
  class EchoModule {}

  const app = await NestFactory.create(EchoModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    port,
    streams: app.get(StreamsService),
    gate: app.get(Gate),
    endpoint: app.get(EchoEndpoint),
  };
}
