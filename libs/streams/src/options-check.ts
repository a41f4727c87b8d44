import type { StreamAuthenticator } from './auth/stream-authenticator.js';
import { StreamsConfigurationError } from './endpoint/streams-configuration.error.js';
import { limitProblems, MAX_TIMER_MS, resolveLimits } from './limit-rules.js';
import { resolveShutdown } from './shutdown-times.js';
import { DEFAULT_LIMITS } from './streams-limits.js';
import type { ShutdownOptions, StreamsOptions } from './streams.options.js';
import { isAddressRange } from './transport/client-address.js';
import { isHostEntry, isOriginEntry } from './transport/origin-policy.js';

const KNOWN_OPTIONS: readonly string[] = [
  'path',
  'redis',
  'messages',
  'origins',
  'hosts',
  'cookie',
  'trustProxy',
  'codecs',
  'compression',
  'heartbeat',
  'recheckMs',
  'unknownProperties',
  'limits',
  'resume',
  'shutdown',
] satisfies Array<keyof StreamsOptions>;

// It has the minimum length.
const SECRET_EXAMPLE = 'x'.repeat(32);

const MAX_PROXIES = 32;
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

const FIGURES = {
  heartbeat: ['pingMs', 'pongMs'],
  shutdown: ['spreadMs', 'deadlineMs'],
} as const;

/**
 * Checks the options that the compiler cannot, such as numbers of the environment.
 *
 * A limit that is not a number would limit nothing, and some options are unsafe together.
 *
 * @throws {StreamsConfigurationError} with all mistakes
 */
export function checkOptions(options: StreamsOptions, authenticator: StreamAuthenticator | undefined): void {
  const problems = [
    ...unknownKeys('', options, KNOWN_OPTIONS),
    ...checkLimits(options),
    ...checkMessageBytes(options),
    ...checkFigures(options),
    ...checkShutdown(options),
    ...checkRecheck(options),
    ...checkResume(options),
    ...checkOrigins(options),
    ...checkHosts(options),
    ...checkCookie(options),
    ...checkTrustProxy(options),
    ...checkPath(options),
    ...checkCodecs(options),
    ...checkCompression(options),
    ...checkUnknownProperties(options),
    ...checkAuthenticator(authenticator),
  ];
  if (problems.length) throw new StreamsConfigurationError(problems);
}

function checkCompression({ compression = 'off' }: StreamsOptions): string[] {
  if (['off', 'inbound', 'both'].includes(compression)) return [];
  return [`StreamsModule: "compression" must be 'off', 'inbound' or 'both', got ${String(compression)}.`];
}

function checkUnknownProperties({ unknownProperties = 'refuse' }: StreamsOptions): string[] {
  if (unknownProperties === 'refuse' || unknownProperties === 'strip') return [];
  const got = String(unknownProperties);
  return [`StreamsModule: "unknownProperties" must be 'refuse' or 'strip', got ${got}.`];
}

function checkLimits({ limits = {} }: StreamsOptions): string[] {
  return [...unknownKeys('limits.', limits, Object.keys(DEFAULT_LIMITS)), ...limitProblems(limits)];
}

function checkMessageBytes({ limits, messages }: StreamsOptions): string[] {
  const { outboundHardBytes } = resolveLimits(limits);
  const { maxMessageBytes } = messages ?? {};
  if (maxMessageBytes === undefined || !(maxMessageBytes > outboundHardBytes)) return [];
  return [
    `StreamsModule: "messages.maxMessageBytes" (${maxMessageBytes}) must not be more than ` +
      `"limits.outboundHardBytes" (${outboundHardBytes}): a message of a channel would drop all clients that ` +
      'receive it. Lower "maxMessageBytes" or raise "outboundHardBytes".',
  ];
}

function checkShutdown({ shutdown = {} }: StreamsOptions): string[] {
  const { deadlineMs, closeListener } = shutdown;
  const times = resolveShutdown(shutdown);
  const problems: string[] = [];
  if (times.spreadMs > times.deadlineMs)
    problems.push(
      `"shutdown.spreadMs" (${times.spreadMs}) must not be more than "shutdown.deadlineMs" (${times.deadlineMs}): ` +
        'clients would be closed before the time at which they leave. Lower "spreadMs" or raise "deadlineMs".',
    );
  if (deadlineMs !== undefined && deadlineMs > MAX_TIMER_MS)
    problems.push(`"shutdown.deadlineMs" must be at most ${MAX_TIMER_MS}, got ${deadlineMs}.`);
  if (closeListener !== undefined && closeListener !== 'first' && closeListener !== 'last')
    problems.push(`"shutdown.closeListener" must be 'first' or 'last', got ${String(closeListener)}.`);
  return problems.map((problem) => `StreamsModule: ${problem}`);
}

function checkOrigins({ origins = [] }: StreamsOptions): string[] {
  if (origins === '*') return [];
  if (!Array.isArray(origins)) {
    return [`StreamsModule: "origins" must be '*' or a list, got ${JSON.stringify(origins)}.`];
  }
  return origins
    .filter((entry) => !isOriginEntry(entry))
    .map(
      (entry) =>
        `StreamsModule: "origins" holds ${JSON.stringify(entry)}: write a host such as "localhost:5173", or an ` +
        'origin such as "https://app.example.com", without a path; a host in other letters as punycode.',
    );
}

function checkHosts({ hosts }: StreamsOptions): string[] {
  if (hosts === undefined) return [];
  if (!Array.isArray(hosts) || !hosts.length)
    return ['StreamsModule: "hosts" must be a list of host names: leave it out to answer to any.'];
  return hosts
    .filter((entry) => !isHostEntry(entry))
    .map(
      (entry) => `StreamsModule: "hosts" holds ${JSON.stringify(entry)}: write a host such as "example.com".`,
    );
}

function checkCookie({ cookie, origins }: StreamsOptions): string[] {
  if (cookie === undefined) return [];
  if (typeof cookie !== 'string' || !COOKIE_NAME.test(cookie))
    return [`StreamsModule: "cookie" must be the name of a cookie, got ${JSON.stringify(cookie)}.`];
  if (origins !== '*') return [];
  return [
    `StreamsModule: "origins" '*' and "cookie" are unsafe together: any page on the web would connect as the ` +
      'user who visits it. List the pages in "origins", or send the credential with "auth" of the client.',
  ];
}

function checkTrustProxy({ trustProxy = false }: { trustProxy?: unknown }): string[] {
  if (trustProxy === false) return [];
  if (trustProxy === true) {
    return [
      'StreamsModule: "trustProxy: true" lets clients make up their address. Give the number of proxies in ' +
        'front of the server, or a list of their addresses and CIDR ranges.',
    ];
  }
  if (typeof trustProxy === 'number') {
    if (Number.isInteger(trustProxy) && trustProxy >= 0 && trustProxy <= MAX_PROXIES) return [];
    return [
      `StreamsModule: "trustProxy" must be a whole number from 0 to ${MAX_PROXIES}, got ${trustProxy}.`,
    ];
  }
  if (!Array.isArray(trustProxy) || !trustProxy.length) {
    return [
      `StreamsModule: "trustProxy" must be false, a number, or a list of addresses, got ${JSON.stringify(trustProxy)}.`,
    ];
  }
  return trustProxy
    .filter((entry) => !isAddressRange(entry))
    .map(
      (entry) =>
        `StreamsModule: "trustProxy" holds ${JSON.stringify(entry)}: write an IP address or a range such as ` +
        '"10.0.0.0/8".',
    );
}

function checkFigures(options: StreamsOptions): string[] {
  return Object.entries(FIGURES).flatMap(([group, known]) => {
    const { closeListener: _, ...figures }: Partial<ShutdownOptions> = options[group as 'shutdown'] ?? {};
    const wrong = Object.entries(figures).filter(
      ([, figure]) => figure !== undefined && !(isFigure(figure) && (figure || group !== 'heartbeat')),
    );
    return [
      ...unknownKeys(`${group}.`, figures, known),
      ...wrong.map(
        ([name, figure]) =>
          `StreamsModule: "${group}.${name}" must be a number ${group === 'heartbeat' ? 'above 0' : 'from 0 on'}, got ${String(figure)}. ` +
          'An unset environment variable gives NaN: give it a default.',
      ),
    ];
  });
}

function checkRecheck({ recheckMs = 0 }: StreamsOptions): string[] {
  if (isFigure(recheckMs)) return [];
  return [`StreamsModule: "recheckMs" must be a number from 0 on, got ${String(recheckMs)}.`];
}

function checkResume({ resume = {} }: StreamsOptions): string[] {
  const { maxAgeMs = 0, secret = SECRET_EXAMPLE } = resume;
  return [
    ...unknownKeys('resume.', resume, ['maxAgeMs', 'secret']),
    ...(isFigure(maxAgeMs)
      ? []
      : [`StreamsModule: "resume.maxAgeMs" must be a number from 0 on, got ${String(maxAgeMs)}.`]),
    ...(typeof secret === 'string' && secret.length >= SECRET_EXAMPLE.length
      ? []
      : [`StreamsModule: "resume.secret" must have ${SECRET_EXAMPLE.length} characters or more.`]),
  ];
}

function isFigure(figure: unknown): boolean {
  return typeof figure === 'number' && Number.isFinite(figure) && figure >= 0;
}

function unknownKeys(group: string, given: object, known: readonly string[]): string[] {
  return Object.keys(given)
    .filter((name) => !known.includes(name))
    .map((name) => `StreamsModule: there is no option "${group}${name}". docs/configuration.md lists them.`);
}

function checkPath({ path }: StreamsOptions): string[] {
  if (path === undefined || /^\/[^?#]*$/.test(path)) return [];
  return [`StreamsModule: "path" must begin with "/" and have no query, got ${JSON.stringify(path)}.`];
}

function checkCodecs({ codecs = [] }: StreamsOptions): string[] {
  if (Array.isArray(codecs) && codecs.every((codec) => typeof codec?.withLimits === 'function')) return [];
  return ['StreamsModule: "codecs" must be a list of codecs, such as [messagePack].'];
}

function checkAuthenticator(authenticator: StreamAuthenticator | undefined): string[] {
  if (!authenticator || typeof authenticator.authenticate === 'function') return [];
  return [
    `StreamsModule: "authenticator" ${(authenticator as object).constructor.name} has no method authenticate(): ` +
      'extend StreamAuthenticator.',
  ];
}
