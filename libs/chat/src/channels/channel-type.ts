import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { misconfigured } from '../limits/number-options.js';

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
}

/** A type of channels with all its settings. */
export interface ChannelType {
  readonly name: string;
  readonly access: 'open' | 'invitation' | 'fixed';
  readonly maxMembers: number;
  readonly keepMs: number | undefined;
  readonly ephemeral: boolean;
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
    const names = new Set([...Object.keys(BUILT_IN), ...Object.keys(options)]);
    this.types = new Map(
      [...names].map((name) => [name, typeOf(name, { ...BUILT_IN[name], ...options[name] })]),
    );
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

function typeOf(name: string, options: ChannelTypeOptions): ChannelType {
  const { access = 'invitation', maxMembers = DEFAULT_MAX_MEMBERS, keepMs, ephemeral = false } = options;
  if (!NAME.test(name)) throw misconfigured(`the name '${name}' is not 1 to 32 of a-z 0-9 -`);
  if (!Number.isInteger(maxMembers) || maxMembers < 1)
    throw misconfigured(`types.${name}.maxMembers is a whole number from 1 on; got ${maxMembers}`);
  if (keepMs !== undefined && !(keepMs >= 1))
    throw misconfigured(`types.${name}.keepMs is a number from 1 on; got ${keepMs}`);
  if (ephemeral && keepMs !== undefined)
    throw misconfigured(`types.${name}.keepMs is for stored messages; ephemeral channels have none`);
  return { name, access, maxMembers, keepMs, ephemeral };
}
