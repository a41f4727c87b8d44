import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesService } from '@nestwire/messages';
import { StreamAuthenticator, type StreamUser } from './connection/stream-authenticator.js';
import type { StreamHandshake } from './session/stream-handshake.js';
import { StreamsModule } from './streams.module.js';
import { StreamsServer } from './streams.server.js';
import { StreamsService } from './streams.service.js';

const KEY = Symbol('key');

@Module({ providers: [{ provide: KEY, useValue: 'key' }], exports: [KEY] })
class KeyModule {}

@Injectable()
class KeyAuthenticator extends StreamAuthenticator {
  constructor(@Inject(KEY) readonly key: string) {
    super();
  }

  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === this.key ? { id: token } : null;
  }
}

@Controller()
class PostController {
  constructor(readonly messages: MessagesService) {}

  @Get()
  get() {
    return this.messages.status;
  }
}

const boot = async (...imports: Array<DynamicModule | Type>) => {
  const testing = await Test.createTestingModule({ imports, controllers: [PostController] }).compile();
  return testing.createNestApplication({ logger: false }).init();
};

describe('StreamsModule', () => {
  it('works with no options and gives MessagesService to the whole application', async () => {
    const app = await boot(StreamsModule.forRoot());

    expect(app.get(PostController).messages).toBe(app.get(MessagesService));
    expect(app.get(StreamsService).counters()).toEqual({
      connections: 0,
      greetings: 0,
      sessions: 0,
      channels: 0,
      droppedPublications: 0,
      rememberedClients: 0,
      rememberedBytes: 0,
    });
    await app.close();
  });

  it('takes its options from a factory and makes the authenticator with what it injects', async () => {
    const app = await boot(
      StreamsModule.forRootAsync({
        imports: [KeyModule],
        authenticator: KeyAuthenticator,
        inject: [KEY],
        useFactory: (key: string) => ({ path: `/${key}` }),
      }),
    );

    expect(app.get(StreamsServer).path).toBe('/key');
    expect(app.get(KeyAuthenticator).key).toBe('key');
    await app.close();
  });

  it('refuses to be imported twice, or without options', async () => {
    await expect(boot(StreamsModule.forRoot(), StreamsModule.forRoot())).rejects.toThrow(
      /StreamsModule\.forRoot\(\) once/,
    );
    await expect(boot(StreamsModule)).rejects.toThrow(/without its options/);
  });

  it('refuses figures that limit nothing, unknown options, a path without a slash, all at once', async () => {
    const options = {
      path: 'live',
      pathh: '/x',
      compression: 'sideways' as never,
      codecs: ['msgpack'],
      limits: { maxPayloadBytes: Number(undefined), maxStreams: -5, maxPayloadByte: 1 },
      heartbeat: { pingMs: '5' as never },
    };

    await expect(boot(StreamsModule.forRoot(options as never))).rejects.toMatchObject({
      code: 'STREAMS_CONFIGURATION',
      problems: [
        expect.stringContaining('"pathh"'),
        expect.stringContaining('"limits.maxPayloadByte"'),
        expect.stringContaining('"limits.maxPayloadBytes" must be a number from 0 on, got NaN'),
        expect.stringContaining('"limits.maxStreams"'),
        expect.stringContaining('"heartbeat.pingMs"'),
        expect.stringContaining('"path" must begin'),
        expect.stringContaining('"codecs" must be a list of codecs'),
        expect.stringContaining("\"compression\" must be 'off', 'inbound' or 'both', got sideways"),
      ],
    });
  });

  it('refuses an authenticator that cannot authenticate', async () => {
    class Plain {}

    await expect(boot(StreamsModule.forRoot({ authenticator: Plain as never }))).rejects.toThrow(
      /Plain has no method/,
    );
  });
});
