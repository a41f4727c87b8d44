import type { Message, StreamGap } from '@nestwire/protocol';
import type { ConsumerStart } from '../history/consumer-store.js';
import type { Position } from '../history/position.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

/** The delivery of a message to its handler. */
export interface ConsumerDelivery {
  readonly channel: string;
  /** The name of the consumer. */
  readonly consumer: string;
  /** The number of the attempt, from 1; above 1 the message may have been handled before, at least in part. */
  readonly attempt: number;
  /** The position of the message; for a gap, the position that the consumer continues after. */
  readonly position: Position;
  /** Aborts when this process no longer holds the message: at a shutdown, or after its lease. */
  readonly signal: AbortSignal;
}

/**
 * Handles a message or a gap of a durable consumer.
 *
 * The work is done when the handler resolves.
 */
export type ConsumerHandler<M extends Message = Message> = (
  message: M | StreamGap,
  delivery: ConsumerDelivery,
) => unknown;

/** A message whose last attempt failed. */
export interface ConsumerFailure extends ConsumerDelivery {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as JSON text. */
  readonly data: string;
  /** The error of the last attempt. */
  readonly error: unknown;
}

/** The options of a durable consumer. */
export interface DurableConsumerOptions {
  /** The consumers of one name share the work: 1 to 64 characters of A-Z a-z 0-9 _ . - */
  readonly name: string;
  /**
   * The start of an unknown name: the next message, or the oldest stored one.
   *
   * @default 'head'
   */
  readonly from?: ConsumerStart;
  /**
   * The messages that this process handles at a time, 1 to 100; more than one lose their order.
   *
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * The lease of the messages that this process holds, in milliseconds, 100 or more.
   *
   * The process renews it while a handler runs. Another process handles the messages after the lease.
   *
   * @default 30_000
   */
  readonly claimAfterMs?: number;
  /**
   * The most attempts for a message, 1 or more; attempts of processes that died count.
   *
   * @default 5
   */
  readonly maxAttempts?: number;
  /**
   * The pause before the second attempt, in milliseconds; each further pause is twice as long, up to a minute.
   *
   * @default 1_000
   */
  readonly retryMs?: number;
  /**
   * The time that a shutdown waits for running handlers, in milliseconds; other processes get the rest.
   *
   * @default 10_000
   */
  readonly finishMs?: number;
  /**
   * Takes a message whose last attempt failed; the message is done when it resolves.
   *
   * It is called again while it rejects.
   *
   * @default the message is logged and skipped
   */
  readonly onFailed?: (failure: ConsumerFailure) => unknown;
  /** Stops the consumer in this process when it aborts. */
  readonly signal?: AbortSignal;
}

/** The options with their defaults. */
export type ResolvedConsumer = Required<Omit<DurableConsumerOptions, 'onFailed' | 'signal'>> &
  Pick<DurableConsumerOptions, 'onFailed' | 'signal'>;

const FIGURES = [
  ['concurrency', 1, 100],
  ['claimAfterMs', 100, 86_400_000],
  ['maxAttempts', 1, 1_000_000],
  ['retryMs', 1, 60_000],
  ['finishMs', 0, 86_400_000],
] as const;

/** Fills in the defaults, and lists the problems of the given options. */
export function resolveConsumer(options: DurableConsumerOptions): {
  consumer: ResolvedConsumer;
  problems: string[];
} {
  const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  const consumer = { ...DEFAULTS, ...given } as ResolvedConsumer;
  const problems = FIGURES.filter(([key, least, most]) => !isBetween(consumer[key], least, most)).map(
    ([key, least, most]) =>
      `${key} must be a whole number from ${least} to ${most}; got ${String(consumer[key])}.`,
  );
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(consumer.name))
    problems.push(
      `name must have 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(consumer.name) ?? 'none'}.`,
    );
  if (consumer.from !== 'head' && consumer.from !== 'oldest')
    problems.push(`from must be 'head' or 'oldest'; got ${JSON.stringify(consumer.from)}.`);
  return { consumer, problems };
}

/** Makes the error of a consumer with invalid options. */
export function invalidConsumer(problems: readonly string[]): MessagesError {
  return new MessagesError(
    MessagesErrorCode.Configuration,
    `The options of a durable consumer have mistakes: ${problems.join(' ')}`,
  );
}

const DEFAULTS = {
  name: '',
  from: 'head',
  concurrency: 1,
  claimAfterMs: 30_000,
  maxAttempts: 5,
  retryMs: 1_000,
  finishMs: 10_000,
} as const;

function isBetween(figure: number, least: number, most: number): boolean {
  return Number.isInteger(figure) && figure >= least && figure <= most;
}
