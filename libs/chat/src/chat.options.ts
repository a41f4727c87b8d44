import type { ModuleMetadata, Type } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { ChatAttachmentOptions } from './attachments/attachment.options.js';
import type { ChannelTypeOptions } from './channels/channel-type.js';
import type { ChatDatabaseOptions } from './database/database.options.js';
import type { ChatLimits } from './limits/chat-limits.js';
import type { ChatHooks } from './messages/chat-hooks.js';
import type { ChatGrowthOptions } from './messages/growth/growth.options.js';
import type { ChatRelayOptions } from './relay/relay.options.js';
import type { ChatPolicy } from './policy/chat-policy.js';
import type { ChatUsers } from './users/chat-users.js';

/** The options of the chat that may come from a factory. */
export interface ChatOptions {
  /** The database. Without it, a SQLite file in the working directory. */
  readonly database?: ChatDatabaseOptions;
  /** Types of channels of the application, and changes of the built-in ones. */
  readonly types?: Readonly<Record<string, ChannelTypeOptions>>;
  /** The limits of texts, lists and rates. */
  readonly limits?: ChatLimits;
  /** The settings of messages that grow while they are produced. */
  readonly growth?: ChatGrowthOptions;
  /** The settings of files of messages. */
  readonly attachments?: ChatAttachmentOptions;
  /**
   * Permits anonymous clients: they act as guests, whose rights the policy knows.
   *
   * @default false
   */
  readonly guests?: boolean;
  /** The settings of the relay. */
  readonly relay?: ChatRelayOptions;
  /**
   * The limiter of `rate-limiter-flexible` that counts the changes of users; give one that the cluster shares.
   *
   * @default a limiter in the memory of the process, of `changesPerWindow` and `rateWindowMs`
   */
  readonly rateLimiter?: RateLimiterAbstract;
}

/** The providers of the application that the chat uses. */
export interface ChatProviders {
  /** The class that supplies the users; Nest creates it. */
  readonly users: Type<ChatUsers>;
  /**
   * The class that decides who may do what.
   *
   * @default DefaultChatPolicy
   */
  readonly policy?: Type<ChatPolicy>;
  /** The class that sees messages before and after they are stored. */
  readonly hooks?: Type<ChatHooks>;
  /** The modules whose providers these classes inject. */
  readonly imports?: ModuleMetadata['imports'];
}

/** The options of `ChatModule.forRoot`. */
export interface ChatModuleOptions extends ChatOptions, ChatProviders {}

/** The options of `ChatModule.forRootAsync`. */
export interface ChatModuleAsyncOptions extends ChatProviders {
  /** The providers that the factory takes. */
  readonly inject?: readonly (
    string | symbol | Type | { readonly token: unknown; readonly optional: boolean }
  )[];
  /** Returns the options. */
  readonly useFactory: (...dependencies: never[]) => ChatOptions | Promise<ChatOptions>;
}
