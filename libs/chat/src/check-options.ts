import { attachmentSettings } from './attachments/attachment.options.js';
import { ChannelTypes } from './channels/channel-type.js';
import type {
  ChatModuleAsyncOptions,
  ChatModuleOptions,
  ChatOptions,
  ChatProviders,
} from './chat.options.js';
import { demandOneOf, misconfigured, refuseUnknown } from './error/option-errors.js';
import { chatLimits } from './limits/chat-limits.js';
import { growthSettings } from './messages/growth/growth.options.js';
import { relaySettings } from './relay/relay.options.js';

/** All names of an interface; a missing one and a foreign one do not compile. */
type Names<T> = Readonly<Record<keyof T, true>>;

const PROVIDERS = Object.keys({
  users: true,
  policy: true,
  hooks: true,
  imports: true,
} satisfies Names<ChatProviders>);
const VALUES = Object.keys({
  database: true,
  types: true,
  limits: true,
  growth: true,
  attachments: true,
  guests: true,
  relay: true,
  rateLimiter: true,
} satisfies Names<ChatOptions>);
const FACTORY = ['inject', 'useFactory'];

/**
 * Checks the names of the options of `forRoot`, and that the users have a class.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function checkModuleOptions(options: ChatModuleOptions): void {
  refuseUnknown('', options, [...PROVIDERS, ...VALUES]);
  demandClasses(options);
}

/**
 * Checks the names of the options of `forRootAsync`.
 *
 * It has a factory in place of the values.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function checkAsyncOptions(options: ChatModuleAsyncOptions): void {
  const returned = VALUES.find((name) => name in Object(options));
  if (returned) throw misconfigured(`forRootAsync takes ${returned} from useFactory: return it there`);
  refuseUnknown('', options, [...PROVIDERS, ...FACTORY]);
  demandClasses(options);
  if (typeof options.useFactory !== 'function')
    throw misconfigured('useFactory is a function that returns the options');
}

/**
 * Returns the options that a factory has made, with their names checked.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function checkReturnedOptions(options: ChatOptions): ChatOptions {
  const misplaced = PROVIDERS.find((name) => name in Object(options));
  if (misplaced) throw misconfigured(`${misplaced} stands beside useFactory: forRootAsync takes it there`);
  refuseUnknown('', options, VALUES);
  return options;
}

/**
 * Checks the values of the options.
 *
 * Those of the database are checked before it opens.
 *
 * @throws {ChatError} CHAT_CONFIGURATION
 */
export function checkValues(options: ChatOptions): void {
  const { types, limits, growth, attachments, guests = false, relay, rateLimiter } = options;
  new ChannelTypes(types).all();
  chatLimits(limits);
  growthSettings(growth);
  attachmentSettings(attachments);
  demandOneOf('guests', guests, [true, false]);
  relaySettings(relay);
  if (rateLimiter !== undefined && typeof rateLimiter?.consume !== 'function')
    throw misconfigured('rateLimiter is a limiter of rate-limiter-flexible');
}

function demandClasses({ users, policy, hooks }: ChatProviders): void {
  if (typeof users !== 'function') throw misconfigured('users is a class that extends ChatUsers');
  for (const [name, given] of Object.entries({ policy, hooks }))
    if (given !== undefined && typeof given !== 'function') throw misconfigured(`${name} is a class`);
}
