import type { StreamAuthenticator } from './connection/stream-authenticator.js';
import { StreamsConfigurationError } from './endpoint/streams-configuration.error.js';
import { DEFAULT_LIMITS } from './streams.limits.js';
import type { StreamsOptions } from './streams.options.js';

const KNOWN_OPTIONS: readonly string[] = [
  'path',
  'redis',
  'messages',
  'origins',
  'cookie',
  'trustProxy',
  'codecs',
  'compression',
  'heartbeat',
  'recheckMs',
  'limits',
  'resume',
  'shutdown',
] satisfies Array<keyof StreamsOptions>;

// As long as the shortest that is taken.
const SECRET_EXAMPLE = 'x'.repeat(32);

const FIGURES = {
  limits: Object.keys(DEFAULT_LIMITS),
  heartbeat: ['pingMs', 'pongMs'],
  shutdown: ['spreadMs', 'deadlineMs'],
} as const;

/**
 * Checks the options that the compiler cannot, such as figures of the environment.
 *
 * A limit that is not a number would limit nothing.
 *
 * @throws {StreamsConfigurationError} with all mistakes, when there are any
 */
export function checkOptions(options: StreamsOptions, authenticator: StreamAuthenticator | undefined): void {
  const problems = [
    ...unknownKeys('', options, KNOWN_OPTIONS),
    ...checkFigures(options),
    ...checkRecheck(options),
    ...checkResume(options),
    ...checkPath(options),
    ...checkCodecs(options),
    ...checkCompression(options),
    ...checkAuthenticator(authenticator),
  ];
  if (problems.length) throw new StreamsConfigurationError(problems);
}

function checkCompression({ compression = 'off' }: StreamsOptions): string[] {
  if (['off', 'inbound', 'both'].includes(compression)) return [];
  return [`StreamsModule: "compression" must be 'off', 'inbound' or 'both', got ${String(compression)}.`];
}

function checkFigures(options: StreamsOptions): string[] {
  return Object.entries(FIGURES).flatMap(([group, known]) => {
    const figures: object = options[group as keyof typeof FIGURES] ?? {};
    const wrong = Object.entries(figures).filter(([, figure]) => figure !== undefined && !isFigure(figure));
    return [
      ...unknownKeys(`${group}.`, figures, known),
      ...wrong.map(
        ([name, figure]) =>
          `StreamsModule: "${group}.${name}" must be a number from 0 on, got ${String(figure)}. ` +
          'A variable of the environment that is not set gives NaN: give it a default.',
      ),
    ];
  });
}

function checkRecheck({ recheckMs = 0 }: StreamsOptions): string[] {
  if (isFigure(recheckMs)) return [];
  return [`StreamsModule: "recheckMs" must be a number from 0 on, got ${String(recheckMs)}.`];
}

function checkResume({ resume = {} }: StreamsOptions): string[] {
  const { ticketMs = 0, secret = SECRET_EXAMPLE } = resume;
  return [
    ...unknownKeys('resume.', resume, ['ticketMs', 'secret']),
    ...(isFigure(ticketMs)
      ? []
      : [`StreamsModule: "resume.ticketMs" must be a number from 0 on, got ${String(ticketMs)}.`]),
    ...(typeof secret === 'string' && secret.length >= SECRET_EXAMPLE.length
      ? []
      : [`StreamsModule: "resume.secret" must have ${SECRET_EXAMPLE.length} characters or more.`]),
  ];
}

function isFigure(figure: unknown): boolean {
  return typeof figure === 'number' && figure >= 0;
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
