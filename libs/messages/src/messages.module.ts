import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { Broker } from './pubsub/broker.js';
import { MessagesConfigurationError } from './messages-configuration.error.js';
import { ChannelListenerExplorer } from './pubsub/channel-listener.explorer.js';
import { DurableConsumerExplorer } from './consumers/durable-consumer.explorer.js';
import { DurableConsumersService } from './consumers/durable-consumers.service.js';
import { PresenceService } from './presence/presence.service.js';
import { MessagesService } from './messages.service.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MESSAGES_OPTIONS,
  OPTIONS_TYPE,
} from './messages-module-definition.js';
import { openBroker } from './open-broker.js';

/**
 * Provides `MessagesService` to the application.
 *
 * Import it once, with `forRoot` or `forRootAsync`; `StreamsModule` imports it.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: Broker,
      inject: [{ token: MESSAGES_OPTIONS, optional: true }],
      useFactory: openBroker,
    },
    MessagesService,
    PresenceService,
    DurableConsumersService,
    ChannelListenerExplorer,
    DurableConsumerExplorer,
  ],
  exports: [MessagesService, DurableConsumersService, PresenceService, Broker],
})
export class MessagesModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(private readonly modules: ModulesContainer) {
    super();
  }

  /** Configures the module; global unless `isGlobal` is false. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Configures the module by a factory or a class; global unless `isGlobal` is false. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * Refuses a second `MessagesModule`, because its listeners would miss the posts of the first.
   *
   * @throws {MessagesConfigurationError} when the application imports the module twice
   */
  onModuleInit(): void {
    const found = [...this.modules.values()].filter(({ metatype }) => metatype === MessagesModule);
    if (found.length < 2) return;
    throw new MessagesConfigurationError([
      `MessagesModule is imported ${found.length} times with settings of its own. Keep one: import ` +
        'StreamsModule.forRoot() once and leave MessagesModule out, since StreamsModule brings it along.',
    ]);
  }
}
