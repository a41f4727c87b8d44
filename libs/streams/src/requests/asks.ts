import type { Message } from '@nestwire/protocol';

declare const ASKS: unique symbol;

/**
 * Declares a question to the client in the outbound type of a session.
 *
 * `StreamSession<Said | Asks<Confirm, Confirmed>>` sends `Said`, and asks `Confirm`, which the client answers
 * with `Confirmed`. It exists only in types.
 */
export interface Asks<Question extends Message, Reply extends Message> {
  readonly [ASKS]: readonly [Question, Reply];
}

// oxlint-disable-next-line no-explicit-any -- any question is one
type AnyQuestion = Asks<any, any>;

/** The messages of an outbound type, without its questions. */
export type SentMessages<Out> = Exclude<Out, AnyQuestion>;

/** The questions of an outbound type. */
export type QuestionsOf<Out> = Out extends AnyQuestion ? Out[typeof ASKS][0] : never;

/** The reply that an outbound type declares for a question. */
export type ReplyTo<Out, Question> =
  Out extends Asks<infer Asked, infer Reply> ? ([Question] extends [Asked] ? Reply : never) : never;

/** One question and its reply, as the client needs them. */
export interface RequestTypes<Question = unknown, Reply = unknown> {
  readonly question: Question;
  readonly reply: Reply;
}

/** The questions of an outbound type with their replies. */
export type RequestsOf<Out> =
  Out extends Asks<infer Question, infer Reply> ? RequestTypes<Question, Reply> : never;
