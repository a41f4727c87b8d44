import type { CodedError, Message } from '@nestwire/protocol';

/** What became of a message that nobody awaits: its page is gone, or was closed. */
export interface OutboxOutcome {
  readonly endpoint: string;
  /** The name of the message's class. */
  readonly type: string;
  /** The message; undefined when its class is not listed in `messages` any more, or cannot read it. */
  readonly message: Message | undefined;
  /** Its properties, as they travel in JSON. */
  readonly data: object;
  /** The id of the user whose message it is; null for nobody's, undefined while that is unknown. */
  readonly user: string | null | undefined;
  /** When it was given to `sendStreamMessage`, in milliseconds since 1970. */
  readonly storedAt: number;
  /** Undefined when the server has handled it; else as `sendStreamMessage` would have thrown. */
  readonly error: CodedError | undefined;
}

/** What is kept over a reload of the page, and for how long. */
export interface OutboxOptions {
  /** The name of the database; two applications of one origin need two. @default 'nestwire.outbox' */
  readonly name?: string;
  /** Most messages that are held. @default 1_000 */
  readonly maxMessages?: number;
  /** Most bytes that are held, as on the line. @default 1_048_576 */
  readonly maxBytes?: number;
  /** Longest time that a message waits to be answered, in ms, pages included. @default 86_400_000 */
  readonly maxAgeMs?: number;
  /** Whose messages are written before the server has said who the user is. @default whoever comes first */
  readonly user?: string | null;
  /** Hears what became of messages that nobody awaits. @default what failed is a warning */
  readonly onOutcome?: (outcome: OutboxOutcome) => void;
  /** Hears, once a kind, why messages are not kept. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** Milliseconds since 1970, for tests. @default Date.now */
  readonly now?: () => number;
}

/** The options with their defaults. */
export type ResolvedOutboxOptions = Required<Omit<OutboxOptions, 'user'>> & Pick<OutboxOptions, 'user'>;
