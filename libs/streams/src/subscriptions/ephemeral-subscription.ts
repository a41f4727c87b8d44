import type { Channel } from '@nestwire/messages';
import type { EphemeralFanout } from './ephemeral-fanout.js';
import type {
  ClientSubscription,
  SubscribedConnection,
  SubscribedSession,
  FrameSink,
} from './client-subscription.js';

/** How a channel that keeps nothing flows to one connection. */
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
    // Said before the channel is joined: a publication never comes before its "subscribed".
    sink.send({ t: 'subscribed', stream, channel: this.name });
    return this.fanout.subscribe(this.name, this.channel, this.connection);
  }

  removeSession(): void {
    if (--this.sessions === 0) this.fanout.unsubscribe(this.name, this.connection);
  }

  renewResumeTokens(): void {
    // Nothing is recovered here, so nobody needs any.
  }

  replaceResumeTokens(): void {
    // There are none.
  }
}
