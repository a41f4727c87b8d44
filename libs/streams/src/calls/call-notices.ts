import type { MessagesService, Subscription } from '@nestwire/messages';
import { LogLimiter, ReservedChannel } from '@nestwire/messages/internal';
import { Logger } from '@nestjs/common';
import { create, StreamMessage } from '@nestwire/protocol';

/** Tells a server that a call has changed. */
@StreamMessage('nestwire.call-notice')
class CallNotice {
  declare readonly $type: 'nestwire.call-notice';
  key!: string;
}

const log = new LogLimiter((line) => new Logger('Streams').warn(line));

/** Tells servers that calls have changed; a lost notice only causes a delay. */
export class CallNotices {
  private subscription: Promise<Subscription> | undefined;
  /** The notices of this turn that are not posted yet. */
  private readonly due = new Set<string>();

  constructor(
    private readonly messages: MessagesService,
    private readonly server: string,
    private readonly changed: (key: string) => void,
  ) {}

  /** Subscribes to the notices to this server. */
  async start(): Promise<void> {
    this.subscription ??= this.messages.addListener(channelOf(this.server), ({ key }) => {
      if (typeof key === 'string') this.changed(key);
    });
    try {
      await this.subscription;
    } catch (error) {
      this.subscription = undefined;
      throw error;
    }
  }

  /** Tells a server that a call has changed; several notices of one turn are sent as one. */
  tell(server: string, key: string): void {
    if (server === this.server) return this.changed(key);
    const notice = `${server} ${key}`;
    if (this.due.has(notice)) return;
    this.due.add(notice);
    setImmediate(() => {
      this.due.delete(notice);
      this.messages
        .postMessage(channelOf(server), create(CallNotice, { key }))
        .catch((error: Error) => log.log('call notice', `A server was not told of a call: ${error.message}`));
    });
  }

  /** Unsubscribes. */
  async stop(): Promise<void> {
    (await this.subscription)?.remove();
  }
}

function channelOf(server: string): ReservedChannel<CallNotice> {
  return new ReservedChannel(`calls.${server}`, [CallNotice]);
}
