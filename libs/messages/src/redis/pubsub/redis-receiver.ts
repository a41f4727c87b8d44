import { isReservedName } from '@nestwire/protocol/compiled';
import type { BrokerSink } from '../../pubsub/broker.js';
import { isReserved } from '../../channel/reserved-channel.js';
import type { LogLimiter } from '../../logging/log-limiter.js';
import { parseProperties } from '../../pubsub/message-text.js';
import type { Envelope, SizedMessage } from './envelope.js';

/** What a receiver hears with. */
export interface ReceiverLink {
  readonly envelope: Envelope;
  readonly maxMessageBytes: number;
  readonly limiter: LogLimiter;
}

/** Takes the publications of channels that keep nothing; drops what is unreadable. */
export class RedisReceiver {
  /** The channels by their keys; one may be left between two messages of a publication. */
  readonly desired = new Map<string, string>();
  /** Publications of other processes that could not be read. */
  undecodable = 0;
  sink: BrokerSink | undefined;

  constructor(private readonly link: ReceiverLink) {}

  /** Takes a publication on a key; tells whether the key is one of its own. */
  hear(key: string, payload: Buffer): boolean {
    const channel = this.desired.get(key);
    if (channel === undefined) return false;
    if (!this.link.envelope.isOwn(payload)) this.#open(key, channel, payload);
    return true;
  }

  /** Counts and logs what cannot be read. */
  drop(channel: string, error: Error): void {
    this.undecodable++;
    // A parser's text may quote the payload, which does not belong into a log.
    const why = error instanceof SyntaxError ? 'it is not JSON' : error.message;
    this.link.limiter.log('poisoned', `A message from Redis on channel '${channel}' is dropped: ${why}.`);
  }

  #open(key: string, channel: string, payload: Buffer): void {
    try {
      for (const message of this.link.envelope.open(payload)) {
        if (!this.desired.has(key)) return;
        this.#deliver(channel, message);
      }
    } catch (error) {
      this.drop(channel, error as Error);
    }
  }

  #deliver(channel: string, message: SizedMessage): void {
    try {
      if (message.bytes > this.link.maxMessageBytes) throw new Error('it is larger than maxMessageBytes');
      if (isReservedName(message.type) && !isReserved(channel))
        throw new Error("its type is one of nestwire's own");
      // Parsed here whoever wants it: clients get the text as it is, so it has to be one that they can read.
      this.sink?.receive(channel, message, parseProperties(message.data));
    } catch (error) {
      this.drop(channel, error as Error);
    }
  }
}
