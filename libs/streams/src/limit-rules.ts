import { DEFAULT_MAX_MESSAGE_BYTES } from '@nestwire/messages/internal';
import type { StreamsOptions } from './streams.options.js';
import { DEFAULT_LIMITS, type StreamsLimits } from './streams-limits.js';

type LimitName = keyof StreamsLimits;

/** One limit must not exceed another one times a factor. */
interface LimitRule {
  readonly low: LimitName;
  readonly high: LimitName;
  /** @default 1 */
  readonly factor?: number;
  readonly reason: string;
}

/** The limits that may be 0, which disables a feature. */
const ZERO_ALLOWED: ReadonlySet<LimitName> = new Set([
  'maxEarlyFrames',
  'maxSubscriptions',
  'resendWindowMs',
  'credentialGraceMs',
]);

const FRACTION_ALLOWED = /(Ms|PerSecond|PerSecondPerAddress)$/;

/** The maximum time of a timer in Node, in milliseconds. */
export const MAX_TIMER_MS = 2_147_483_647;

const TIMERS: ReadonlySet<LimitName> = new Set([
  'authenticationTimeoutMs',
  'closeTimeoutMs',
  'requestTimeoutMs',
]);

/** The rules, with the highest limit first, because a lowered default lowers the next ones. */
const LIMIT_RULES: readonly LimitRule[] = [
  {
    low: 'outboundHardBytes',
    high: 'outboundProcessBytes',
    reason: 'one connection would exceed the bound of all',
  },
  {
    low: 'outboundSoftBytes',
    high: 'outboundHardBytes',
    factor: 1 / 2,
    reason: 'a client is slowed down before it is dropped, so a message must fit between both',
  },
  {
    low: 'maxPayloadBytes',
    high: 'bytesPerSecond',
    factor: 2,
    reason: 'a frame larger than a burst is never admitted',
  },
  {
    low: 'maxPayloadBytes',
    high: 'outboundHardBytes',
    reason: 'a forwarded message would drop all of its receivers',
  },
  { low: 'maxHelloBytes', high: 'maxPayloadBytes', reason: 'a hello is a frame' },
  {
    low: 'authenticationTimeoutMs',
    high: 'helloTimeoutMs',
    reason: 'the time of the authenticator counts towards the time of the handshake',
  },
  { low: 'maxHandshakes', high: 'maxConnections', reason: 'a handshake is a connection' },
  {
    low: 'maxHandshakesPerAddress',
    high: 'maxHandshakes',
    reason: 'one address would exceed the bound of all',
  },
  { low: 'maxSignInsPerAddress', high: 'maxSignIns', reason: 'one address would exceed the bound of all' },
  {
    low: 'maxChannelReadsPerUser',
    high: 'maxSnapshotCalls',
    reason: 'one user would exceed the bound of all',
  },
  {
    low: 'maxChannelReads',
    high: 'maxChannelReadsPerUser',
    reason: 'one connection would exceed the bound of its user',
  },
  {
    low: 'maxEarlyBytesPerAddress',
    high: 'maxEarlyBytesPerProcess',
    reason: 'one address would exceed the bound of all',
  },
  {
    low: 'maxEarlyBytes',
    high: 'maxEarlyBytesPerAddress',
    reason: 'one connection would exceed the bound of its address',
  },
  {
    low: 'maxConnectionsPerAddress',
    high: 'maxConnections',
    reason: 'one address would exceed the bound of all',
  },
  {
    low: 'maxRequests',
    high: 'maxRequestsPerConnection',
    reason: 'one stream would exceed the bound of its connection',
  },
  { low: 'maxConnectionsPerUser', high: 'maxConnections', reason: 'one user would exceed the bound of all' },
  {
    low: 'connectsPerSecondPerAddress',
    high: 'connectsPerSecond',
    reason: 'one address would exceed the bound of all',
  },
];

/**
 * Returns all limits: the given ones, and the defaults of the others.
 *
 * A default is lowered, never raised, if a given limit requires it.
 */
export function resolveLimits(given: Partial<StreamsLimits> = {}): StreamsLimits {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const limits: Record<LimitName, number> = { ...DEFAULT_LIMITS, ...Object.fromEntries(set) };
  for (const rule of LIMIT_RULES) {
    if (given[rule.low] === undefined) limits[rule.low] = Math.min(limits[rule.low], mostOf(rule, limits));
  }
  return limits;
}

/**
 * Returns the maximum size of a channel message, in bytes.
 *
 * The default is lowered to what a client may receive.
 */
export function maxMessageBytesOf({ messages, limits }: StreamsOptions): number {
  const { outboundHardBytes } = resolveLimits(limits);
  // An invalid limit is refused later, with its own name.
  const most = outboundHardBytes > 0 ? outboundHardBytes : DEFAULT_MAX_MESSAGE_BYTES;
  return messages?.maxMessageBytes ?? Math.min(DEFAULT_MAX_MESSAGE_BYTES, Math.floor(most));
}

/** Returns the problems of given limits: wrong values, else contradictions. */
export function limitProblems(given: Partial<StreamsLimits>): string[] {
  const names = Object.keys(DEFAULT_LIMITS) as LimitName[];
  const wrong = names
    .filter((name) => given[name] !== undefined)
    .flatMap((name) => valueProblems(name, given));
  if (wrong.length) return wrong;
  const limits = resolveLimits(given);
  return LIMIT_RULES.filter((rule) => limits[rule.low] > mostOf(rule, limits)).map((rule) =>
    contradiction(rule, limits, given),
  );
}

function valueProblems(name: LimitName, given: Partial<StreamsLimits>): string[] {
  const value: unknown = given[name];
  const least = ZERO_ALLOWED.has(name) ? 'from 0 on' : 'above 0';
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isInRange = isNumber && (value > 0 || (value === 0 && ZERO_ALLOWED.has(name)));
  if (!isInRange) {
    return [
      `StreamsModule: "limits.${name}" must be a number ${least}, got ${String(value)}. ` +
        'An unset environment variable gives NaN: give it a default.',
    ];
  }
  if (!FRACTION_ALLOWED.test(name) && !Number.isSafeInteger(value))
    return [`StreamsModule: "limits.${name}" must be a whole number, got ${value}.`];
  if (TIMERS.has(name) && value > MAX_TIMER_MS)
    return [`StreamsModule: "limits.${name}" must be at most ${MAX_TIMER_MS}, got ${value}.`];
  return [];
}

function mostOf({ high, factor = 1, low }: LimitRule, limits: StreamsLimits): number {
  const most = limits[high] * factor;
  return FRACTION_ALLOWED.test(low) ? most : Math.max(1, Math.floor(most));
}

function contradiction(rule: LimitRule, limits: StreamsLimits, given: Partial<StreamsLimits>): string {
  const { low, high, factor = 1, reason } = rule;
  const written = (name: LimitName): string =>
    `"limits.${name}" (${limits[name]}${given[name] === undefined ? ', its default here' : ''})`;
  const times = factor === 1 ? '' : factor < 1 ? `half of ` : `${factor} times `;
  return (
    `StreamsModule: ${written(low)} must not be more than ${times}${written(high)}: ${reason}. ` +
    `Lower "${low}" or raise "${high}".`
  );
}
