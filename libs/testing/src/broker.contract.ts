import type { BrokerSink, Broker } from '@nestwire/messages/backend';
import type { EncodedMessage } from '@nestwire/protocol/codec';

/** The traits of a broker. */
export interface BrokerTraits {
  /** True when brokers that are opened one after the other belong to one cluster. */
  readonly cluster: boolean;
  /**
   * True for a broker without a secret, whose users set `resume.secret`.
   *
   * @default false
   */
  readonly withoutSecret?: boolean;
}

/** A broker with the publications that it received. */
interface Node {
  readonly backend: Broker;
  readonly received: Array<EncodedMessage & { readonly channel: string }>;
  onReceived?: (data: string) => void;
}

const DEADLINE_MS = 10_000;

/**
 * Describes the behaviour of every broker; runs under jest and compatible test runners.
 *
 * @param open makes a broker that has not been started
 */
export function describeBroker(
  name: string,
  open: () => Broker | Promise<Broker>,
  { cluster, withoutSecret = false }: BrokerTraits,
): void {
  describe(`${name} as a broker`, () => {
    const nodes: Node[] = [];

    const start = async (): Promise<Node> => {
      const node: Node = { backend: await open(), received: [] };
      const sink: BrokerSink = {
        receive: (channel, { type, data }, properties) => {
          if (properties) expect(properties).toEqual(JSON.parse(data));
          node.received.push({ channel, type, data });
          node.onReceived?.(data);
        },
        statusChanged: () => undefined,
      };
      await node.backend.start(sink);
      nodes.push(node);
      return node;
    };

    afterEach(async () => {
      await Promise.all(nodes.splice(0).map(({ backend }) => backend.close()));
    });

    it(`is ${cluster ? 'connected' : 'local'} once started`, async () => {
      const { backend } = await start();

      expect(backend.status).toBe(cluster ? 'connected' : 'local');
      expect(backend.refusal('a')).toBeUndefined();
    });

    it('gives a process none of its own publications', async () => {
      const { backend, received } = await start();
      await backend.subscribe('a');

      await backend.publish('a', message('1'));
      await backend.subscribe('b');

      expect(received).toEqual([]);
    });

    it('publishes to a channel that nobody wants', async () => {
      const { backend } = await start();

      await expect(backend.publish('a', message('1'))).resolves.toBeUndefined();
    });

    it('takes a subscription twice, and its end twice', async () => {
      const { backend } = await start();

      await Promise.all([backend.subscribe('a'), backend.subscribe('a')]);
      backend.unsubscribe('a');
      backend.unsubscribe('a');

      await expect(backend.subscribe('a')).resolves.toBeUndefined();
    });

    it('starts with nothing counted', async () => {
      const { backend } = await start();

      expect(backend.counters).toEqual({ undecodable: 0, reconnects: 0, stalled: 0 });
    });

    if (withoutSecret)
      it('has no secret', async () => {
        expect((await start()).backend.secret).toBeUndefined();
      });
    else
      it('has one random secret of at least 32 characters for all processes', async () => {
        const one = await start();
        const first = await one.backend.secret?.();
        const others = cluster ? [(await start()).backend, (await start()).backend] : [one.backend];

        const secrets = await Promise.all([one.backend, ...others].map(async (broker) => broker.secret?.()));

        expect(first).toMatch(/^.{32,1024}$/);
        expect(new Set([first, ...secrets]).size).toBe(1);
      });

    if (cluster && !withoutSecret)
      it('creates one secret when processes start together', async () => {
        const nodes = await Promise.all([start(), start(), start()]);

        const secrets = await Promise.all(nodes.map(async ({ backend }) => backend.secret?.()));

        expect(new Set(secrets).size).toBe(1);
      });

    it('closes twice', async () => {
      const { backend } = await start();

      await backend.close();

      await expect(backend.close()).resolves.toBeUndefined();
    });

    if (cluster) describeCluster(start);
  });
}

function describeCluster(start: () => Promise<Node>): void {
  it('carries a publication to the other processes that want its channel', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    await two.backend.subscribe('a');
    await three.backend.subscribe('b');
    await three.backend.subscribe('a');

    await one.backend.publish('a', message('x'));
    await arrived(two, 1);
    await arrived(three, 1);

    expect(two.received).toEqual([{ channel: 'a', ...message('x') }]);
    expect(three.received).toEqual([{ channel: 'a', ...message('x') }]);
  });

  it('keeps the order of a process on a channel', async () => {
    const [one, two] = [await start(), await start()];
    await two.backend.subscribe('a');
    const texts = Array.from({ length: 500 }, (_, index) => `${index}`);

    await Promise.all(texts.map((text) => one.backend.publish('a', message(text))));
    await arrived(two, 500);

    expect(two.received.map(({ data }) => data)).toEqual(texts.map((text) => message(text).data));
  });

  it('keeps the order of each channel when one turn posts to several', async () => {
    const [one, two] = [await start(), await start()];
    const channels = ['a', 'b', 'c'];
    for (const channel of channels) await two.backend.subscribe(channel);
    const texts = Array.from({ length: 300 }, (_, index) => `${index}`);

    const posts = texts.map((text, index) => one.backend.publish(channels[index % 3]!, message(text)));
    await Promise.all(posts);
    await arrived(two, 300);

    for (const [index, channel] of channels.entries()) {
      const heard = two.received.filter((publication) => publication.channel === channel);
      const posted = texts.filter((_, at) => at % 3 === index);
      expect(heard.map(({ data }) => data)).toEqual(posted.map((text) => message(text).data));
    }
  });

  it('carries what one turn posts, however large, in order', async () => {
    const [one, two] = [await start(), await start()];
    await two.backend.subscribe('a');
    const lengths = [1, 60_000, 60_000, 1, 1, 200_000, 1, 30_000, 30_000, 30_000];
    const texts = lengths.map((length, index) => `${index}`.repeat(length));

    await Promise.all(texts.map((text) => one.backend.publish('a', message(text))));
    await arrived(two, texts.length);

    expect(two.received.map(({ data }) => data)).toEqual(texts.map((text) => message(text).data));
  });

  it('gives nothing more when a message of a turn ends the subscription', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    for (const { backend } of [two, three]) await backend.subscribe('a');
    two.onReceived = (data) => {
      if (data === message('2').data) two.backend.unsubscribe('a');
    };

    await Promise.all(['1', '2', '3'].map((text) => one.backend.publish('a', message(text))));
    await arrived(three, 3);
    await two.backend.subscribe('b');
    await one.backend.publish('b', message('after'));
    await arrived(two, 3);

    expect(two.received.map(({ data }) => data)).toEqual(
      ['1', '2', 'after'].map((text) => message(text).data),
    );
  });

  it('carries the text as it was encoded, whatever it holds', async () => {
    const [one, two] = [await start(), await start()];
    await two.backend.subscribe('a');
    const encoded = message('€ 💥 \n \0 \u2028 "}');

    await one.backend.publish('a', encoded);
    await arrived(two, 1);

    expect(two.received).toEqual([{ channel: 'a', ...encoded }]);
  });

  it('tells channels of all spellings apart', async () => {
    const [one, two] = [await start(), await start()];
    const channels = ['a', 'A', 'a:b', 'a::b', ':', '8:a', 'a|b', 'a%20b', 'a/b@c', 'x'.repeat(200)];
    for (const channel of channels) await two.backend.subscribe(channel);

    for (const channel of channels) await one.backend.publish(channel, message(channel));
    await arrived(two, channels.length);

    const pairs = two.received.map(({ channel, data }) => [channel, data]);
    expect(pairs.sort()).toEqual(channels.map((channel) => [channel, message(channel).data]).sort());
  });

  it('gives nothing more after unsubscribe, and again after subscribe', async () => {
    const [one, two] = [await start(), await start()];
    await two.backend.subscribe('a');
    await two.backend.subscribe('b');
    two.backend.unsubscribe('a');
    await one.backend.publish('a', message('not wanted'));
    await one.backend.publish('b', message('wanted'));
    await arrived(two, 1);

    await two.backend.subscribe('a');
    await one.backend.publish('a', message('again'));
    await arrived(two, 2);

    expect(two.received.map(({ data }) => data)).toEqual([message('wanted').data, message('again').data]);
  });

  it('subscribes to many channels at once', async () => {
    const [one, two] = [await start(), await start()];
    const channels = Array.from({ length: 350 }, (_, index) => `many:${index}`);

    await Promise.all(channels.map((channel) => two.backend.subscribe(channel)));
    await Promise.all(channels.map((channel) => one.backend.publish(channel, message(channel))));
    await arrived(two, 350);

    expect(new Set(two.received.map(({ channel }) => channel)).size).toBe(350);
  });

  it('gives nothing after close', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    await two.backend.subscribe('a');
    await three.backend.subscribe('a');
    await two.backend.close();

    await one.backend.publish('a', message('late'));
    await arrived(three, 1);

    expect(two.received).toEqual([]);
    await expect(two.backend.publish('a', message('x'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
}

function message(text: string): EncodedMessage {
  return { type: 'contract.message', data: JSON.stringify({ text }) };
}

async function arrived({ received }: Node, count: number): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (received.length < count) {
    if (performance.now() > endMs)
      throw new Error(`Only ${received.length} of ${count} publications arrived within ${DEADLINE_MS} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
