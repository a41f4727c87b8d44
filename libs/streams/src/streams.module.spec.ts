import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MessagesService } from '@nestwire/messages';
import { StreamAuthenticator, type StreamUser } from './auth/stream-authenticator.js';
import type { StreamHandshake } from './transport/stream-handshake.js';
import { resolveLimits } from './limit-rules.js';
import { DEFAULT_LIMITS } from './streams-limits.js';
import { StreamsModule } from './streams.module.js';
import type { StreamsModuleOptions, StreamsOptions, StreamsOptionsFactory } from './streams.options.js';
import { StreamsServer } from './streams-server.js';
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

@Injectable()
class KeyOptions implements StreamsOptionsFactory {
  constructor(@Inject(KEY) readonly key: string) {}

  createStreamsOptions(): StreamsOptions {
    return { path: `/${this.key}` };
  }
}

@Module({ imports: [KeyModule], providers: [KeyOptions], exports: [KeyOptions] })
class KeyOptionsModule {}

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
      handshakes: 0,
      sessions: 0,
      channels: 0,
      droppedPublications: 0,
      rememberedClients: 0,
      rememberedBytes: 0,
      waitingSignIns: 0,
      refusedCredentials: 0,
      limitedSignIns: 0,
      waitingReads: 0,
      refusedUpgrades: 0,
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

  it.each([
    ['a class', { useClass: KeyOptions, imports: [KeyModule] }],
    ['a provider', { useExisting: KeyOptions, imports: [KeyOptionsModule] }],
  ])('takes its options from %s', async (_name, options) => {
    const app = await boot(StreamsModule.forRootAsync(options));

    expect(app.get(StreamsServer).path).toBe('/key');
    await app.close();
  });

  it.each([{}, { useClass: KeyOptions, useFactory: () => ({}) }])(
    'refuses options that are made in no way or in two: %p',
    (options) => {
      expect(() => StreamsModule.forRootAsync(options)).toThrow(/exactly one of "useFactory"/);
    },
  );

  it('refuses to be imported twice, or without options', async () => {
    const other = StreamsModule.forRoot({ path: '/other' });
    await expect(boot(StreamsModule.forRoot(), other)).rejects.toThrow(
      /StreamsModule\.forRoot\(\) or forRootAsync\(\) is called 2 times/,
    );
    await expect(boot(StreamsModule)).rejects.toThrow(/without its options/);
    await expect(boot(StreamsModule.forRoot(), StreamsModule)).rejects.toThrow(/is called 2 times/);
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
        expect.stringContaining('"limits.maxPayloadBytes" must be a number above 0, got NaN'),
        expect.stringContaining('"limits.maxStreams"'),
        expect.stringContaining('"heartbeat.pingMs"'),
        expect.stringContaining('"path" must begin'),
        expect.stringContaining('"codecs" must be a list of codecs'),
        expect.stringContaining("\"compression\" must be 'off', 'inbound' or 'both', got sideways"),
      ],
    });
  });

  it.each([
    [{ origins: '*', cookie: 'sid' }, /"origins" '\*' and "cookie" are unsafe together/],
    [{ origins: ['https://app.example.com/chat'] }, /"origins" holds "https:\/\/app.example.com\/chat"/],
    [{ origins: 'https://app.example.com' }, /"origins" must be '\*' or a list/],
    [{ hosts: [] }, /"hosts" must be a list/],
    [{ hosts: ['https://app.example.com'] }, /"hosts" holds "https:/],
    [{ cookie: 'a=b' }, /"cookie" must be the name of a cookie/],
    [{ trustProxy: true }, /"trustProxy: true" lets clients make up their address/],
    [{ trustProxy: 1.5 }, /"trustProxy" must be a whole number from 0 to 32/],
    [{ trustProxy: -1 }, /"trustProxy" must be a whole number/],
    [{ trustProxy: [] }, /"trustProxy" must be false, a number, or a list/],
    [{ trustProxy: ['10.0.0.0/33'] }, /"trustProxy" holds "10.0.0.0\/33"/],
    [{ trustProxy: ['proxy.local'] }, /"trustProxy" holds "proxy.local"/],
    [{ resume: { secret: 'x'.repeat(31) } }, /"resume.secret" must have 32 characters or more/],
    [{ limits: { maxPayloadBytes: 0 } }, /"limits.maxPayloadBytes" must be a number above 0, got 0/],
    [{ limits: { maxStreams: 1.5 } }, /"limits.maxStreams" must be a whole number/],
    [{ limits: { maxConnections: Infinity } }, /"limits.maxConnections" must be a number above 0/],
    [{ limits: { authenticationTimeoutMs: 1e10 } }, /"limits.authenticationTimeoutMs" must be at most/],
    [{ heartbeat: { pingMs: 0 } }, /"heartbeat.pingMs" must be a number above 0/],
    [
      { limits: { maxHelloBytes: 100_000 } },
      /maxHelloBytes" \(100000\) must not be more than "limits.maxPay/,
    ],
    [{ limits: { maxPayloadBytes: 4e6 } }, /maxPayloadBytes" \(4000000\) must not be more than 2 times "lim/],
    [{ limits: { outboundSoftBytes: 600_000 } }, /must not be more than half of "limits.outboundHardBytes"/],
    [
      { shutdown: { spreadMs: 501, deadlineMs: 500 } },
      /spreadMs" \(501\) must not be more than "shutdown.deadlineMs" \(500\)/,
    ],
    [{ shutdown: { spreadMs: 10_001 } }, /must not be more than "shutdown.deadlineMs" \(10000\)/],
    [
      { messages: { maxMessageBytes: 1_048_577 } },
      /maxMessageBytes" \(1048577\) must not be more than "limits.outboundHardBytes" \(1048576\)/,
    ],
    [
      { limits: { outboundProcessBytes: 1_000_000, outboundHardBytes: 1_000_001 } },
      /must not be more than "l/,
    ],
    [
      { limits: { maxHandshakesPerAddress: 2_000 } },
      /maxHandshakesPerAddress" \(2000\) must not be more than/,
    ],
    [{ limits: { maxConnectionsPerUser: 9, maxConnections: 8 } }, /one user would exceed the bound of all/],
    [
      { limits: { helloTimeoutMs: 9, authenticationTimeoutMs: 10 } },
      /counts towards the time of the handshake/,
    ],
  ] as const)('refuses %j', async (options, message) => {
    await expect(boot(StreamsModule.forRoot(options as never))).rejects.toMatchObject({
      code: 'STREAMS_CONFIGURATION',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    { origins: '*' },
    { cookie: 'sid', origins: ['https://app.example.com', 'localhost:5173'] },
    { hosts: ['app.example.com', 'localhost:3000', '[::1]:3000'] },
    { trustProxy: 0 },
    { trustProxy: ['10.0.0.0/8', '::1', '::ffff:10.0.0.0/104'] },
    { resume: { secret: 'x'.repeat(32) } },
    // A default is lowered to what is set.
    { limits: { maxConnections: 5, outboundHardBytes: 1_000, helloTimeoutMs: 50, credentialGraceMs: 0 } },
    { limits: { maxPayloadBytes: undefined } },
  ] as StreamsModuleOptions[])('accepts %j', async (options) => {
    await (await boot(StreamsModule.forRoot(options))).close();
  });

  it('keeps the default of a limit that is given as undefined', () => {
    expect(resolveLimits({ maxPayloadBytes: undefined })).toEqual(DEFAULT_LIMITS);
    expect(resolveLimits({ maxConnections: 5 })).toMatchObject({
      maxConnectionsPerUser: 5,
      maxHandshakes: 5,
    });
  });

  it('refuses an authenticator that cannot authenticate', async () => {
    class Plain {}

    await expect(boot(StreamsModule.forRoot({ authenticator: Plain as never }))).rejects.toThrow(
      /Plain has no method/,
    );
  });
});
