import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { MessagesService } from '@nestwire/messages';
import { ChatFiles } from './attachments/chat-files.js';
import { ChannelStates } from './channels/channel-state.js';
import { checkAsyncOptions, checkModuleOptions, checkReturnedOptions, checkValues } from './check-options.js';
import type {
  ChatModuleAsyncOptions,
  ChatModuleOptions,
  ChatOptions,
  ChatProviders,
} from './chat.options.js';
import { CHAT_OPTIONS, ChatService } from './chat.service.js';
import { ChatDatabase } from './database/chat-database.js';
import { checkSchema, migrate } from './database/migrate.js';
import { openDatabase } from './database/open-database.js';
import { applyRequestRules } from './endpoint/apply-request-rules.js';
import { ChatActors } from './endpoint/chat-actors.js';
import { ChatChannelEndpoint } from './endpoint/chat-channel-endpoint.js';
import { ChatUserEndpoint } from './endpoint/chat-user-endpoint.js';
import { ChatFileRoute } from './http/file-route.js';
import { RoomWatches } from './live/room-watches.js';
import { ChatHooks, NoChatHooks } from './messages/chat-hooks.js';
import { ChatWork } from './outbox/chat-work.js';
import { ChatPolicy } from './policy/chat-policy.js';
import { DefaultChatPolicy } from './policy/default-chat-policy.js';
import { ChatProfiles } from './users/chat-profiles.js';
import { ChatUsers } from './users/chat-users.js';

/**
 * Provides `ChatService` to the application.
 *
 * Import it once, beside `StreamsModule` or `MessagesModule`.
 */
@Module({})
export class ChatModule {
  /**
   * Configures the chat; the module is global.
   *
   * A wrong value of an option fails the start of the application.
   *
   * @throws {ChatError} CHAT_CONFIGURATION at once when an option does not exist, or `users` is no class
   */
  static forRoot(options: ChatModuleOptions): DynamicModule {
    checkModuleOptions(options);
    return definitionOf(options, { provide: CHAT_OPTIONS, useValue: options });
  }

  /**
   * Configures the chat by a factory; the module is global.
   *
   * A wrong option that the factory returns fails the start of the application.
   *
   * @throws {ChatError} CHAT_CONFIGURATION at once when an option does not exist, or `users` is no class
   */
  static forRootAsync(options: ChatModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    const { inject = [], useFactory } = options;
    return definitionOf(options, {
      provide: CHAT_OPTIONS,
      inject: [...inject] as never[],
      useFactory: async (...dependencies: never[]) => checkReturnedOptions(await useFactory(...dependencies)),
    });
  }
}

function definitionOf(providers: ChatProviders, options: Provider): DynamicModule {
  applyRequestRules();
  const { users, policy = DefaultChatPolicy, hooks = NoChatHooks, imports = [] } = providers;
  return {
    module: ChatModule,
    global: true,
    imports,
    providers: [
      options,
      { provide: ChatUsers, useClass: users },
      { provide: ChatPolicy, useClass: policy },
      { provide: ChatHooks, useClass: hooks },
      { provide: ChatDatabase, inject: [CHAT_OPTIONS], useFactory: openMigrated },
      { provide: ChatFiles, inject: [ChatDatabase, CHAT_OPTIONS], useFactory: openFiles },
      {
        provide: ChatProfiles,
        inject: [ChatUsers, ChatDatabase],
        useFactory: (found: ChatUsers, database: ChatDatabase) => new ChatProfiles(found, database),
      },
      ChatService,
      {
        provide: ChatActors,
        inject: [ChatUsers, CHAT_OPTIONS],
        useFactory: (found: ChatUsers, { guests = false }: ChatOptions) => new ChatActors(found, guests),
      },
      {
        provide: RoomWatches,
        inject: [MessagesService, ChatDatabase, ChatProfiles],
        useFactory: (messages: MessagesService, database: ChatDatabase, profiles: ChatProfiles) =>
          new RoomWatches(messages, new ChannelStates(new ChatWork(database), profiles)),
      },
      ChatChannelEndpoint,
      ChatUserEndpoint,
      ChatFileRoute,
    ],
    exports: [ChatService, ChatUsers, ChatPolicy],
  };
}

async function openFiles(database: ChatDatabase, { attachments }: ChatOptions): Promise<ChatFiles> {
  return ChatFiles.open(database, attachments);
}

/** Checks the options first, so that a mistake leaves no open database behind. */
async function openMigrated(options: ChatOptions): Promise<ChatDatabase> {
  checkValues(options);
  const database = await openDatabase(options.database);
  try {
    await (options.database?.migrations === 'check' ? checkSchema(database) : migrate(database));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
