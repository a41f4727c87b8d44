// #region broker
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from '@nats-io/transport-node';
import { MessagesError, MessagesErrorCode, type MessagesStatus } from '@nestwire/messages';
import { Broker, type BrokerSink } from '@nestwire/messages/backend';
import type { EncodedMessage } from '@nestwire/protocol/codec';

const DEADLINE_MS = 2_000;
const RETRY_MS = 500;
const MAX_UNCONFIRMED = 1_000;

/** Carries ephemeral channels over a NATS server. */
export class NatsBroker extends Broker {
  readonly counters = { undecodable: 0, reconnects: 0, stalled: 0 };
  status: MessagesStatus = 'degraded';
  private readonly channels = new Map<string, Subscription | undefined>();
  private sink: BrokerSink | undefined;
  private connection: NatsConnection | undefined;
  private confirmation: Promise<void> | undefined;
  private unconfirmed = 0;
  private isClosed = false;

  constructor(private readonly options: NodeConnectionOptions) {
    super();
  }

  async start(sink: BrokerSink): Promise<void> {
    this.sink = sink;
    // An unreachable server is not an error: the broker continues to try.
    await within(DEADLINE_MS, this.connect()).catch(() => undefined);
  }

  async subscribe(channel: string): Promise<void> {
    if (!this.channels.has(channel)) this.channels.set(channel, this.listen(channel));
    if (this.status === 'connected') await this.confirmed().catch(() => undefined);
  }

  unsubscribe(channel: string): void {
    this.channels.get(channel)?.unsubscribe();
    this.channels.delete(channel);
  }

  refusal(): MessagesError | undefined {
    if (this.status !== 'connected')
      return new MessagesError(MessagesErrorCode.Unavailable, 'NATS cannot be reached. Try again later.');
    if (this.unconfirmed < MAX_UNCONFIRMED) return undefined;
    return new MessagesError(
      MessagesErrorCode.Overloaded,
      `${this.unconfirmed} publications wait for NATS. Post less.`,
    );
  }

  publish(channel: string, { type, data }: EncodedMessage): Promise<void> {
    const refusal = this.refusal();
    if (refusal) return Promise.reject(refusal);
    try {
      this.connection?.publish(subjectOf(channel), `${JSON.stringify(type)}\n${data}`);
    } catch (cause) {
      const text = 'NATS refused the publication; it may exceed the max_payload of the server.';
      return Promise.reject(new MessagesError(MessagesErrorCode.Unavailable, text, { cause }));
    }
    this.unconfirmed++;
    return this.confirmed();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.channels.clear();
    await this.confirmation?.catch(() => undefined);
    this.status = 'degraded';
    await this.connection?.close();
  }

  /** Resolves when the server has processed all that was sent; one round trip for all calls of a turn. */
  private confirmed(): Promise<void> {
    return (this.confirmation ??= Promise.resolve().then(async () => {
      const { unconfirmed } = this;
      this.confirmation = undefined;
      try {
        await within(DEADLINE_MS, this.connection?.flush());
      } catch (cause) {
        const text = 'NATS did not confirm in time. The message may have been delivered.';
        throw new MessagesError(MessagesErrorCode.Uncertain, text, { cause });
      } finally {
        this.unconfirmed -= unconfirmed;
      }
    }));
  }

  private async connect(): Promise<void> {
    while (!this.isClosed) {
      try {
        // `noEcho`: the publishing process has delivered to itself already.
        const options = { ...this.options, noEcho: true, maxReconnectAttempts: -1, timeout: DEADLINE_MS };
        return await this.connected(await connect(options));
      } catch {
        await new Promise<void>((resolve) => void setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  private async connected(connection: NatsConnection): Promise<void> {
    if (this.isClosed) return connection.close();
    this.connection = connection;
    for (const channel of this.channels.keys()) this.channels.set(channel, this.listen(channel));
    void this.watch(connection);
    await this.serve(connection);
  }

  /** Reports `connected` once the server has processed all subscriptions. */
  private async serve(connection: NatsConnection): Promise<void> {
    try {
      await within(DEADLINE_MS, connection.flush());
      this.setStatus('connected');
    } catch {
      // The next `reconnect` leads here again.
      if (!this.isClosed) await connection.reconnect();
    }
  }

  /** Follows the connection, which reconnects and subscribes again by itself. */
  private async watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.setStatus('degraded');
      if (type !== 'reconnect') continue;
      this.counters.reconnects++;
      await this.serve(connection);
    }
  }

  private listen(channel: string): Subscription | undefined {
    const subscription = this.connection?.subscribe(subjectOf(channel), {
      callback: (error, message) => {
        if (error || this.channels.get(channel) !== subscription) return;
        const text = message.string();
        const end = text.indexOf('\n');
        try {
          const type: unknown = JSON.parse(text.slice(0, end));
          if (typeof type !== 'string') throw new TypeError('the name of the message is not a string');
          this.sink?.receive(channel, { type, data: text.slice(end + 1) });
        } catch {
          this.counters.undecodable++;
        }
      },
    });
    return subscription;
  }

  private setStatus(status: MessagesStatus): void {
    if (this.isClosed || status === this.status) return;
    this.status = status;
    this.sink?.statusChanged();
  }
}

/** Returns the subject of a channel; encoded, because names of channels contain dots and wildcards. */
function subjectOf(channel: string): string {
  return `nestwire.${Buffer.from(channel).toString('base64url')}`;
}

/** Rejects when a promise does not settle in time. */
async function within(ms: number, promise: Promise<void> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
// #endregion broker
