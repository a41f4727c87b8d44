import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { demandOneOf, misconfigured, refuseUnknown } from '../error/option-errors.js';
import { numberOptions } from '../limits/number-options.js';
import { checkRights, type ChannelRights } from '../policy/channel-rights.js';

/** The limits of a type of channels, in place of those of the chat. */
export interface ChannelTypeLimits {
  /**
   * The longest text of a message, in UTF-16 units.
   *
   * @default maxTextLength of the limits of the chat
   */
  readonly maxTextLength?: number;
  /**
   * The most attachments of a message.
   *
   * @default maxPerMessage of the attachments of the chat
   */
  readonly maxAttachments?: number;
  /**
   * The most posts and edits of a user within `rateWindowMs`, in all channels of the type together.
   *
   * They count against `changesPerWindow` too.
   *
   * @default changesPerWindow of the limits of the chat
   */
  readonly postsPerWindow?: number;
}

/** The settings of a type of channels. */
export interface ChannelTypeOptions {
  /**
   * `open`: everybody with an account may read and join. `invitation`: members add or invite users. `fixed`: the
   * members are those of the creation, and each set of members has one channel.
   *
   * @default 'invitation'
   */
  readonly access?: 'open' | 'invitation' | 'fixed';
  /**
   * The most members of a channel.
   *
   * @default 10_000; 16 for `direct`
   */
  readonly maxMembers?: number;
  /**
   * The age at which messages are removed, in milliseconds; undefined keeps them.
   *
   * @default undefined
   */
  readonly keepMs?: number;
  /**
   * True for channels whose messages are delivered live and not stored in the database.
   *
   * A channel keeps its newest messages for ten minutes, in the memory of the broker. The option holds for channels
   * that are created with it.
   *
   * @default false
   */
  readonly ephemeral?: boolean;
  /**
   * The roles that may post, invite, pin and so on, in place of the roles of `DefaultChatPolicy`.
   *
   * @default the roles of `DefaultChatPolicy`
   */
  readonly rights?: ChannelRights;
  /** The limits of the type, in place of those of the chat. */
  readonly limits?: ChannelTypeLimits;
  /**
   * The limiter that counts the posts of users in channels of the type; give one that the cluster shares.
   *
   * @default a limiter in the memory of the process, if the type has `postsPerWindow`
   */
  readonly rateLimiter?: RateLimiterAbstract;
}

/** A type of channels with all its settings. */
export interface ChannelType {
  readonly name: string;
  readonly access: 'open' | 'invitation' | 'fixed';
  readonly maxMembers: number;
  readonly keepMs: number | undefined;
  readonly ephemeral: boolean;
  readonly rights: ChannelRights;
  readonly limits: ChannelTypeLimits;
  readonly rateLimiter: RateLimiterAbstract | undefined;
}

const DEFAULT_MAX_MEMBERS = 10_000;
const BUILT_IN: Readonly<Record<string, ChannelTypeOptions>> = {
  public: { access: 'open' },
  private: { access: 'invitation' },
  direct: { access: 'fixed', maxMembers: 16 },
  support: { access: 'invitation' },
};
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** The types of channels: the built-in ones and those of the application. */
export class ChannelTypes {
  private readonly types: ReadonlyMap<string, ChannelType>;

  /** @throws {ChatError} CHAT_CONFIGURATION when a name or a number is not valid */
  constructor(options: Readonly<Record<string, ChannelTypeOptions>> = {}) {
    if (typeof options !== 'object' || options === null)
      throw misconfigured(`types is an object of types by name; got ${String(options)}`);
    const names = new Set([...Object.keys(BUILT_IN), ...Object.keys(options)]);
    this.types = new Map([...names].map((name) => [name, typeOf(name, BUILT_IN[name], options[name])]));
  }

  /** All types. */
  all(): readonly ChannelType[] {
    return [...this.types.values()];
  }

  /**
   * Returns a type by its name.
   *
   * @throws {ChatError} CHAT_INVALID when there is none
   */
  get(name: string): ChannelType {
    const type = this.types.get(name);
    if (type) return type;
    const known = [...this.types.keys()].join(', ');
    throw new ChatError(
      ChatErrorCode.Invalid,
      `There is no type of channels '${name}'. Use one of: ${known}.`,
    );
  }
}

const OPTIONS: readonly (keyof ChannelTypeOptions)[] = [
  'access',
  'maxMembers',
  'keepMs',
  'ephemeral',
  'rights',
  'limits',
  'rateLimiter',
];

function typeOf(
  name: string,
  builtIn: ChannelTypeOptions | undefined,
  given: ChannelTypeOptions = {},
): ChannelType {
  if (!NAME.test(name)) throw misconfigured(`the name '${name}' is not 1 to 32 of a-z 0-9 -`);
  refuseUnknown(`types.${name}`, given, OPTIONS);
  const options = { ...builtIn, ...given };
  const { access = 'invitation', maxMembers = DEFAULT_MAX_MEMBERS, keepMs, ephemeral = false } = options;
  const { rights = {}, limits = {}, rateLimiter } = options;
  demandOneOf(`types.${name}.access`, access, ['open', 'invitation', 'fixed']);
  demandOneOf(`types.${name}.ephemeral`, ephemeral, [true, false]);
  if (!Number.isInteger(maxMembers) || maxMembers < 1)
    throw misconfigured(`types.${name}.maxMembers is a whole number from 1 on; got ${maxMembers}`);
  if (keepMs !== undefined && !(keepMs >= 1))
    throw misconfigured(`types.${name}.keepMs is a number from 1 on; got ${keepMs}`);
  if (ephemeral && keepMs !== undefined)
    throw misconfigured(`types.${name}.keepMs is for stored messages; ephemeral channels have none`);
  checkRights(`types.${name}.rights`, rights);
  const known = { maxTextLength: 1, maxAttachments: 1, postsPerWindow: 1 };
  numberOptions<Required<ChannelTypeLimits>>(`types.${name}.limits`, limits, known);
  return { name, access, maxMembers, keepMs, ephemeral, rights, limits, rateLimiter };
}
