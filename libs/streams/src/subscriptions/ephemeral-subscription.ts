import type { Channel } from '@nestwire/messages';
import type { EphemeralFanout } from './ephemeral-fanout.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';

/** The subscription of one connection to an ephemeral channel. */
export class EphemeralSubscription implements ClientSubscription {
  private sessions = 0;

  constructor(
    private readonly name: string,
    private readonly channel: string | Channel,
    private readonly fanout: EphemeralFanout,
    private readonly connection: SubscribedConnection,
  ) {}

  addSession({ stream }: SubscribedSession, sink: FrameSink): Promise<void> {
    this.sessions++;
    // Sent first, so that no publication arrives before its "subscribed".
    sink.send({ t: 'subscribed', stream, channel: this.name });
    return this.fanout.subscribe(this.name, this.channel, this.connection);
  }

  removeSession(): void {
    if (--this.sessions === 0) this.fanout.unsubscribe(this.name, this.connection);
  }

  renewResumeTokens(): void {
    // An ephemeral channel has no resume tokens.
  }

  replaceResumeTokens(): void {
    // An ephemeral channel has no resume tokens.
  }
}
