import type { CodedError, Message } from '@nestwire/protocol';

/** The outcome of a message whose page or client was closed, with its promise. */
export interface OutboxOutcome {
  readonly endpoint: string;
  /** The name of the message class. */
  readonly type: string;
  /** The message; undefined when its class is not in `messages`, or cannot decode it. */
  readonly message: Message | undefined;
  /** The properties of the message, as JSON. */
  readonly data: object;
  /** The id of the sender's user; null for an anonymous one, undefined while it is unknown. */
  readonly user: string | null | undefined;
  /** The time of `sendStreamMessage`, in milliseconds since 1970. */
  readonly storedAt: number;
  /**
   * Undefined when the server has handled the message; else the error that `sendStreamMessage` would throw.
   */
  readonly error: CodedError | undefined;
}

/** Options of a stored outbox. */
export interface OutboxOptions {
  /** Name of the database; two applications of one origin need two. @default 'nestwire.outbox' */
  readonly name?: string;
  /** Maximum number of stored messages. @default 1_000 */
  readonly maxMessages?: number;
  /** Maximum size of stored messages, in encoded bytes. @default 1_048_576 */
  readonly maxBytes?: number;
  /** Time limit of a message's answer, in ms, across page loads. @default 86_400_000 */
  readonly maxAgeMs?: number;
  /** User of messages that are stored before the first `welcome`. @default the first user */
  readonly user?: string | null;
  /** Called with the outcome of messages of closed pages. @default warns of failures */
  readonly onOutcome?: (outcome: OutboxOutcome) => void;
  /** Called with the reason why messages are not stored, once per kind. @default console.warn */
  readonly onWarning?: (text: string, cause?: unknown) => void;
  /** Returns the time in milliseconds since 1970, for tests. @default Date.now */
  readonly now?: () => number;
}

/** The options with their defaults. */
export type ResolvedOutboxOptions = Required<Omit<OutboxOptions, 'user'>> & Pick<OutboxOptions, 'user'>;
