import { createStreamClient } from '@nestwire/client';
import { defineChannel } from '@nestwire/messages';
import {
  OnStreamClosed,
  OnStreamMessage,
  StreamEndpoint,
  StreamSession,
  type StreamsOf,
} from '@nestwire/streams';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';
import { MESSAGES, note, Note, Task, task } from '../e2e/messages.js';
import { connected, startApp, stopAll, towards, type RunningApp } from '../e2e/start-app.js';

const CLIENTS = 40;
const CHANNELS = 400;
/** The share of the whole work that one turn may take. */
const LARGEST_SHARE = 1 / 8;

const own = defineChannel('slices.own', { messages: [Note], latest: true });

/** Lets each client follow channels of its own, by the session and by listeners. */
@StreamEndpoint('own')
class OwnEndpoint {
  readonly log: string[] = [];
  heardAfterEnd = 0;

  @OnStreamMessage(Task)
  async follow(session: StreamSession<Note>, { text }: Task): Promise<void> {
    const { signal } = session;
    const joining: Promise<unknown>[] = [];
    for (let n = 0; n < CHANNELS; n++) {
      const channel = own(`${text}.${n}`);
      joining.push(session.subscribe(channel));
      joining.push(
        session.messages.addListener(channel, () => {
          if (signal.aborted) this.heardAfterEnd++;
        }),
      );
    }
    await Promise.all(joining);
    signal.addEventListener('abort', () => this.log.push(`${text} aborted`));
  }

  @OnStreamClosed()
  closed(session: StreamSession): void {
    this.log.push(`${String(session.signal.aborted)} closed`);
  }
}

type App = StreamsOf<{ own: OwnEndpoint }>;

/** Measures the processor time of each turn of the event loop, which other processes do not lengthen. */
class TurnMeter {
  private isRunning = true;
  private last = process.cpuUsage();
  wholeMs = 0;
  longestMs = 0;

  constructor() {
    const look = (): void => {
      const { user, system } = process.cpuUsage(this.last);
      this.last = process.cpuUsage();
      const turnMs = (user + system) / 1_000;
      // The turns of a loop that has nothing to do are shorter.
      if (turnMs > 1) this.wholeMs += turnMs;
      this.longestMs = Math.max(this.longestMs, turnMs);
      if (this.isRunning) setImmediate(look);
    };
    setImmediate(look);
  }

  stop(): void {
    this.isRunning = false;
  }
}

describeWithRedis('Many clients with many channels that leave at the same time', (redis) => {
  let running: RunningApp;

  beforeEach(async () => {
    const limits = {
      maxSubscriptions: CHANNELS,
      maxConnectionsPerAddress: CLIENTS,
      // The first frame of a client that comes back names all of its channels.
      maxPayloadBytes: 1_048_576,
    };
    running = await startApp({ providers: [OwnEndpoint], options: { limits, redis: redis().url } });
  });

  afterEach(stopAll);

  /** Returns true while Redis still sends a channel of a client. */
  async function subscribed(): Promise<boolean> {
    const info = await redis().call('INFO', 'stats');
    return Number(/^pubsub_?channels:(\d+)/m.exec(info)?.[1]) >= CHANNELS;
  }

  it('are taken down in slices: the signal first, each once, and nothing is left', async () => {
    const endpoint = running.get(OwnEndpoint);
    const clients = [];
    for (let n = 0; n < CLIENTS; n++) {
      const client = createStreamClient<App>()({ ...towards(running), messages: MESSAGES });
      await connected(client);
      await client.own.sendStreamMessage(task(`c${n}`));
      clients.push(client);
    }
    expect(running.streams.counters().channels).toBe(CLIENTS * CHANNELS);

    const meter = new TurnMeter();
    for (const client of clients) void client.close();
    await until(() => endpoint.log.length === 2 * CLIENTS && running.streams.counters().channels === 0);
    await running.messages.postMessage(own('c0.0'), note('late'));
    // The readers of the channels linger for a second.
    while (await subscribed()) await new Promise((resolve) => setTimeout(resolve, 50));
    meter.stop();

    expect(meter.longestMs).toBeLessThan(meter.wholeMs * LARGEST_SHARE);
    for (let n = 0; n < CLIENTS; n++)
      expect(endpoint.log.filter((line) => line === `c${n} aborted`)).toHaveLength(1);
    expect(endpoint.log.filter((line) => line === 'true closed')).toHaveLength(CLIENTS);
    expect(endpoint.heardAfterEnd).toBe(0);
    expect(running.streams.counters()).toMatchObject({ connections: 0, sessions: 0, channels: 0 });
  }, 60_000);
});
