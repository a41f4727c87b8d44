import type { Channel } from '@nestwire/messages';
import type { ChannelFanout } from './channel.fanout.js';
import type { ChannelFlow, FlowMember, FlowSession, FrameSink } from './flow.member.js';

/** How a channel that keeps nothing flows to one connection. */
export class EphemeralFlow implements ChannelFlow {
  private sessions = 0;

  constructor(
    private readonly name: string,
    private readonly channel: string | Channel,
    private readonly fanout: ChannelFanout,
    private readonly member: FlowMember,
  ) {}

  join({ endpoint }: FlowSession, sink: FrameSink): Promise<void> {
    this.sessions++;
    // Said before the channel is joined: a publication never comes before its "subscribed".
    sink.send({ t: 'subscribed', endpoint, channel: this.name });
    return this.fanout.join(this.name, this.channel, this.member);
  }

  leave(): void {
    if (--this.sessions === 0) this.fanout.leave(this.name, this.member);
  }

  renewTickets(): void {
    // Nothing is recovered here, so nobody needs any.
  }

  replaceTickets(): void {
    // There are none.
  }
}
