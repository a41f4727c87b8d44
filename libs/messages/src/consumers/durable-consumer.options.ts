import type { Message, StreamGap } from '@nestwire/protocol';
import type { ConsumerStart } from './consumer-store.js';
import type { Position } from '../history/position.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';

/** How a message came to its handler. */
export interface ConsumerDelivery {
  readonly channel: string;
  /** The name of the consumer. */
  readonly consumer: string;
  /** Counts from 1; beyond that the message may have been handled before, in part or whole. */
  readonly attempt: number;
  /** Where the message stands; of a gap, behind which position the consumer goes on. */
  readonly position: Position;
  /** Aborts when the message is no longer this process's: at a shutdown, or when it was silent for too long. */
  readonly signal: AbortSignal;
}

/** Handles messages and gaps of a durable consumer; what it resolves for is done. */
export type ConsumerHandler<M extends Message = Message> = (
  message: M | StreamGap,
  delivery: ConsumerDelivery,
) => unknown;

/** A message that its handler has failed at for the last time. */
export interface ConsumerFailure extends ConsumerDelivery {
  /** The name of the message class. */
  readonly type: string;
  /** The properties, as JSON text. */
  readonly data: string;
  /** What the handler failed with at last. */
  readonly error: unknown;
}

/** How a durable consumer works. */
export interface DurableConsumerOptions {
  /** All who give the same name share the work: 1 to 64 characters of A-Z a-z 0-9 _ . - */
  readonly name: string;
  /**
   * Where a name begins that is not known: with what comes next, or with the oldest message kept.
   *
   * @default 'head'
   */
  readonly from?: ConsumerStart;
  /**
   * How many messages this process handles at a time, 1 to 100; with more than one their order is lost.
   *
   * @default 1
   */
  readonly concurrency?: number;
  /**
   * After how long a silence of this process others handle what it has in hand, in milliseconds, 100 or
   * more. While it runs it says so, however long a handler takes.
   *
   * @default 30_000
   */
  readonly claimAfterMs?: number;
  /**
   * How often a message is tried, 1 or more, those of processes that died included.
   *
   * @default 5
   */
  readonly maxAttempts?: number;
  /**
   * The pause before the second attempt, in milliseconds; each further one is twice as long, up to a minute.
   *
   * @default 1_000
   */
  readonly retryMs?: number;
  /**
   * How long a shutdown waits for handlers that run, in milliseconds; what is not done then is left to others.
   *
   * @default 10_000
   */
  readonly finishMs?: number;
  /**
   * Takes what failed for the last time, which counts as done once this has resolved; it is asked again
   * while it rejects.
   *
   * @default the message is logged and left out
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

/** Fills in the defaults, and tells what is wrong with what was given. */
export function resolveConsumer(options: DurableConsumerOptions): {
  consumer: ResolvedConsumer;
  problems: string[];
} {
  const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
  const consumer = { ...DEFAULTS, ...given } as ResolvedConsumer;
  const problems = FIGURES.filter(([key, least, most]) => !isBetween(consumer[key], least, most)).map(
    ([key, least, most]) =>
      `${key} is a whole number from ${least} to ${most}; got ${String(consumer[key])}.`,
  );
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(consumer.name))
    problems.push(
      `name has 1 to 64 characters of A-Z a-z 0-9 _ . -; got ${JSON.stringify(consumer.name) ?? 'none'}.`,
    );
  if (consumer.from !== 'head' && consumer.from !== 'oldest')
    problems.push(`from is 'head' or 'oldest'; got ${JSON.stringify(consumer.from)}.`);
  return { consumer, problems };
}

/**
 * Makes the error of a consumer that cannot be as it is asked for.
 */
export function misread(problems: readonly string[]): MessagesError {
  return new MessagesError(MessagesErrorCode.Configuration, `A durable consumer: ${problems.join(' ')}`);
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
