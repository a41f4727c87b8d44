import type { StreamSession } from '../session/stream-session.js';

/**
 * One call of a stream method; the method receives it first.
 *
 * `User` is the application's type of user, `Params` are the parameters of the endpoint, and `Out` is the
 * union of the messages that the method sends with `call.session`.
 */
export abstract class StreamCall<User = unknown, Params = unknown, Out = never> {
  /** Makes the class nominal, so that no other object passes for a call. */
  declare private readonly callBrand: true;

  /** The id of the call; a client resumes a call by it. */
  abstract readonly id: string;

  /** The session of the endpoint to which the call belongs. */
  abstract readonly session: StreamSession<Out, User, Params>;

  /** The user of the session. */
  abstract readonly user: User;

  /** The parameters of the session. */
  abstract readonly params: Params;

  /**
   * Aborts when the client cancels the call or its deadline passes.
   *
   * The end of the session aborts it too, unless the call is resumable.
   */
  abstract readonly signal: AbortSignal;

  /** The time after which the client no longer waits; undefined without one. */
  abstract readonly deadline: Date | undefined;
}
