import {
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type FactoryProvider,
  type InjectionToken,
  type Provider,
  type Type,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { MessagesModule, MessagesService, PresenceService } from '@nestwire/messages';
import { Broker } from '@nestwire/messages/backend';
import { ChannelSnapshots } from './subscriptions/channel-snapshots.js';
import { ClientChannels } from './subscriptions/client-channels.js';
import { StreamAuthenticator } from './auth/stream-authenticator.js';
import { ENDPOINT_PROVIDERS } from './endpoint/endpoint-providers.js';
import { StreamsConfigurationError } from './endpoint/streams-configuration.error.js';
import { MESSAGE_POLICY } from './endpoint/message-policy.js';
import { EndpointRegistry } from './endpoint/endpoint-registry.js';
import { StreamSession } from './session/stream-session.js';
import { maxMessageBytesOf } from './limit-rules.js';
import { StreamsLifecycle } from './streams-lifecycle.js';
import {
  STREAMS_OPTIONS,
  type StreamsModuleAsyncOptions,
  type StreamsModuleExtras,
  type StreamsModuleOptions,
  type StreamsOptions,
  type StreamsOptionsFactory,
} from './streams.options.js';
import { StreamsServer } from './streams-server.js';
import { StreamsService } from './streams.service.js';

/**
 * Adds typed two-way streams to a Nest application.
 *
 * It finds the providers with `@StreamEndpoint`, serves them on the application's HTTP server, and provides
 * `MessagesService` and `StreamsService`. Import it once.
 */
@Module({})
export class StreamsModule {
  /** @throws {StreamsConfigurationError} when it is imported twice, or without options */
  constructor(modules: ModulesContainer, @Optional() @Inject(STREAMS_OPTIONS) options?: StreamsOptions) {
    const count = [...modules.values()].filter(({ metatype }) => metatype === StreamsModule).length;
    if (count > 1) throw new StreamsConfigurationError([importedTwice(count)]);
    if (!options) throw new StreamsConfigurationError([WITHOUT_OPTIONS]);
  }

  /** Creates the module from options. */
  static forRoot(options: StreamsModuleOptions = {}): DynamicModule {
    const { authenticator, imports, isGlobal, ...rest } = options;
    return assemble({ authenticator, imports, isGlobal }, { provide: STREAMS_OPTIONS, useValue: rest });
  }

  /**
   * Creates the module from options that a factory, a class or a provider creates.
   *
   * `authenticator`, `imports` and `isGlobal` are given directly.
   *
   * @throws {StreamsConfigurationError} unless exactly one of `useFactory`, `useClass` and `useExisting` is given
   */
  static forRootAsync(options: StreamsModuleAsyncOptions): DynamicModule {
    const { authenticator, imports, isGlobal } = options;
    return assemble({ authenticator, imports, isGlobal }, ...asyncProviders(options));
  }
}

const WITHOUT_OPTIONS =
  'StreamsModule is imported without its options: import StreamsModule.forRoot() or forRootAsync().';

function importedTwice(count: number): string {
  return (
    `StreamsModule.forRoot() or forRootAsync() is called ${count} times with different options. ` +
    'Keep one call, in the root module: the module is global unless "isGlobal" is false.'
  );
}

function asyncProviders(options: StreamsModuleAsyncOptions): Provider[] {
  const { useFactory, inject = [], useClass, useExisting } = options;
  if ([useFactory, useClass, useExisting].filter(Boolean).length !== 1) {
    throw new StreamsConfigurationError([
      'StreamsModule.forRootAsync() needs exactly one of "useFactory", "useClass" and "useExisting".',
    ]);
  }
  if (useFactory) {
    const factory = useFactory as FactoryProvider['useFactory'];
    return [{ provide: STREAMS_OPTIONS, useFactory: factory, inject: inject as FactoryProvider['inject'] }];
  }
  // One of them is set, as checked above.
  const factory = useClass ?? useExisting!;
  const fromClass: Provider = {
    provide: STREAMS_OPTIONS,
    useFactory: (made: StreamsOptionsFactory) => made.createStreamsOptions(),
    inject: [factory],
  };
  return useClass ? [useClass, fromClass] : [fromClass];
}

const DEFAULT_RESUME = { maxAgeMs: 86_400_000 };

/** Provides the options to the modules of streams and of channels. */
@Module({})
class StreamsOptionsModule {}

function assemble(extras: StreamsModuleExtras, ...optionsProviders: Provider[]): DynamicModule {
  const { authenticator, imports = [], isGlobal = true } = extras;
  const optionsModule: DynamicModule = {
    module: StreamsOptionsModule,
    imports,
    providers: optionsProviders,
    exports: [STREAMS_OPTIONS],
  };
  const messages = MessagesModule.forRootAsync({
    imports: [optionsModule],
    inject: [STREAMS_OPTIONS],
    useFactory: (options: StreamsOptions) => ({
      ...options.messages,
      redis: options.redis,
      maxMessageBytes: maxMessageBytesOf(options),
    }),
    isGlobal,
  });
  return {
    module: StreamsModule,
    global: isGlobal,
    imports: [...imports, optionsModule, messages, DiscoveryModule],
    providers: [
      ...ENDPOINT_PROVIDERS,
      { provide: MESSAGE_POLICY, useExisting: STREAMS_OPTIONS },
      ...authenticatorProviders(authenticator),
      ChannelSnapshots,
      channelsProvider,
      serverProvider(authenticator ? [StreamAuthenticator] : []),
      {
        provide: StreamsService,
        useFactory: (server: StreamsServer) => new StreamsService(server),
        inject: [StreamsServer],
      },
      StreamsLifecycle,
    ],
    exports: [messages, StreamsService, StreamSession],
  };
}

function authenticatorProviders(authenticator: Type<StreamAuthenticator> | undefined): Provider[] {
  return authenticator ? [authenticator, { provide: StreamAuthenticator, useExisting: authenticator }] : [];
}

const channelsProvider: Provider = {
  provide: ClientChannels,
  useFactory: (...[{ resume }, snapshots, messages, presence, backend]: ChannelsParts) =>
    new ClientChannels({ messages, presence, backend }, snapshots, { ...DEFAULT_RESUME, ...resume }),
  inject: [STREAMS_OPTIONS, ChannelSnapshots, MessagesService, PresenceService, Broker],
};

type ChannelsParts = [StreamsOptions, ChannelSnapshots, MessagesService, PresenceService, Broker];

function serverProvider(authenticators: readonly InjectionToken[]): Provider {
  return {
    provide: StreamsServer,
    useFactory: (
      options: StreamsOptions,
      endpoints: EndpointRegistry,
      channels: ClientChannels,
      authenticator?: StreamAuthenticator,
    ) => new StreamsServer(options, endpoints, channels, authenticator),
    inject: [STREAMS_OPTIONS, EndpointRegistry, ClientChannels, ...authenticators],
  };
}
