import { isReservedName } from '@nestwire/protocol/compiled';
import type { BrokerSink } from '../../pubsub/broker.js';
import { isReserved } from '../../channel/channel-name.js';
import type { LogLimiter } from '../../logging/log-limiter.js';
import { parseProperties } from '../../pubsub/message-text.js';
import type { Envelope, SizedMessage } from './envelope.js';

/** The services that a receiver uses. */
export interface ReceiverLink {
  readonly envelope: Envelope;
  readonly maxMessageBytes: number;
  readonly limiter: LogLimiter;
}

/** Receives the publications of ephemeral channels; drops undecodable ones. */
export class RedisReceiver {
  /** The subscribed channels by their keys; an entry may vanish between two messages of a publication. */
  readonly desired = new Map<string, string>();
  /** The number of undecodable publications of other processes. */
  undecodable = 0;
  sink: BrokerSink | undefined;

  constructor(private readonly link: ReceiverLink) {}

  /** Receives a publication on a key; returns false when no subscribed channel has the key. */
  receive(key: string, payload: Buffer): boolean {
    const channel = this.desired.get(key);
    if (channel === undefined) return false;
    if (!this.link.envelope.isOwn(payload)) this.open(key, channel, payload);
    return true;
  }

  /** Counts and logs an undecodable message. */
  drop(channel: string, error: Error): void {
    this.undecodable++;
    // The text of a SyntaxError may quote the payload, which must not be logged.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : error.message;
    this.link.limiter.log(
      'undecodable',
      `Dropped an undecodable message from Redis on channel '${channel}': ${reason}.`,
    );
  }

  private open(key: string, channel: string, payload: Buffer): void {
    try {
      for (const message of this.link.envelope.open(payload)) {
        if (!this.desired.has(key)) return;
        this.deliver(channel, message);
      }
    } catch (error) {
      this.drop(channel, error as Error);
    }
  }

  private deliver(channel: string, message: SizedMessage): void {
    try {
      if (message.bytes > this.link.maxMessageBytes) throw new Error('it is larger than maxMessageBytes');
      if (isReservedName(message.type) && !isReserved(channel))
        throw new Error('its type is reserved by nestwire');
      // Parsed even without a local listener: clients receive the text unchanged, so it must be readable.
      this.sink?.receive(channel, message, parseProperties(message.data));
    } catch (error) {
      this.drop(channel, error as Error);
    }
  }
}
