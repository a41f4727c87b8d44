import { CodedError, ErrorCode } from '@nestwire/protocol';
import type { StreamSession, StreamUser } from '@nestwire/streams';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatUsers } from '../users/chat-users.js';

type AnySession = Pick<StreamSession<never, StreamUser | null>, 'user' | 'handshake'>;

/** Finds the actors of sessions: users, and guests where they are permitted. */
export class ChatActors {
  constructor(
    private readonly users: ChatUsers,
    private readonly hasGuests: boolean,
  ) {}

  /**
   * Returns the actor of a session, or of the session of a call.
   *
   * @throws {CodedError} UNAUTHENTICATED for an anonymous client where guests are not permitted
   */
  of(source: AnySession | { readonly session: AnySession }): ChatActor {
    const { user, handshake } = 'session' in source ? source.session : source;
    if (user) return this.users.actorOf(user);
    const { clientKey } = handshake;
    if (this.hasGuests && clientKey !== undefined) return this.users.actorOfGuest(clientKey);
    throw new CodedError(ErrorCode.Unauthenticated, 'The chat requires a sign-in.');
  }
}
