import { Child } from '../rig/child.mjs';
import { compileSource } from '../rig/compile-source.js';
import { Link } from '../rig/link.js';
import { RawSocket } from '../rig/raw-socket.js';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

type Build = 1 | 2;

interface Seen {
  readonly received: Array<Record<string, unknown>>;
  readonly warnings: string[];
  /** How often the listener of the contract was called. */
  readonly contracts: number;
}

const PROGRAM = new URL('../docs/rolling-deploy/build-process.mjs', import.meta.url);
const children: Child[] = [];
const links: Link[] = [];

/** Compiles a build, so that a process of its own can run it. */
function compiled(build: Build): string {
  return compileSource(
    new URL(`../docs/rolling-deploy/build-${build}.ts`, import.meta.url),
    `build-${build}`,
  );
}

describeWithRedis('A rolling deploy with two builds', (redis) => {
  let servers: readonly Child[] = [];
  let ports: Record<Build, number>;

  const start = (build: Build): Child => {
    const child = new Child(PROGRAM, [], { DEPLOY_BUILD: compiled(build), DEPLOY_REDIS: redis().url });
    children.push(child);
    return child;
  };
  const serve = async (build: Build): Promise<[Child, number]> => {
    const server = start(build);
    return [server, (await server.ask('serve')) as number];
  };
  /** Starts a page of a build, connected to a server of a build or to the front. */
  const pageOf = async (build: Build, port: number): Promise<Child> => {
    const page = start(build);
    await page.ask('connect', { url: `ws://127.0.0.1:${port}/streams` });
    return page;
  };
  const send = (page: Child, name: string, properties: object): Promise<unknown> =>
    page.ask('send', { name, properties });
  const seenBy = (page: Child): Promise<Seen> => page.ask('seen') as Promise<Seen>;
  /** Waits for messages of a page, and returns them without their types. */
  const received = async (page: Child, count: number): Promise<unknown[]> => {
    await until(async () => (await seenBy(page)).received.length >= count);
    return (await seenBy(page)).received.map(({ $type: _, ...rest }) => rest);
  };

  beforeAll(async () => {
    const [[one, onePort], [two, twoPort]] = await Promise.all([serve(1), serve(2)]);
    servers = [one, two];
    ports = { 1: onePort, 2: twoPort };
  });
  afterEach(async () => {
    const pages = children.splice(0).filter((child) => !servers.includes(child));
    await Promise.all(pages.map((page) => page.stop()));
    for (const link of links.splice(0)) link.close();
    RawSocket.destroyAllBut();
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('delivers an optional field to pages that know it, on both servers', async () => {
    const [former, present] = await Promise.all([pageOf(1, ports[2]), pageOf(2, ports[2])]);
    const answers = [
      await send(await pageOf(2, ports[1]), 'Opened', { title: 'through the former', priority: 'high' }),
      await send(present, 'Opened', { title: 'through the present', priority: 'high' }),
      await send(former, 'Opened', { title: 'without' }),
    ];

    expect(answers).toEqual(['answered', 'answered', 'answered']);
    expect(await received(present, 3)).toEqual([
      // The former server removed the property that it does not know.
      { title: 'through the former' },
      { title: 'through the present', priority: 'high' },
      { title: 'without' },
    ]);
    expect(await received(former, 3)).toHaveLength(3);
  });

  it('shows the renamed field to present pages, whoever wrote it', async () => {
    const readers = await Promise.all([pageOf(2, ports[1]), pageOf(2, ports[2])]);
    const answers = [
      await send(await pageOf(1, ports[1]), 'Moved', { queue: 'by the former page and server' }),
      await send(await pageOf(1, ports[2]), 'Moved', { queue: 'by the former page' }),
      await send(readers[1]!, 'Moved', { board: 'by the present page' }),
    ];

    expect(answers).toEqual(['answered', 'answered', 'answered']);
    for (const reader of readers)
      expect(await received(reader, 3)).toEqual([
        { board: 'by the former page and server' },
        { board: 'by the former page' },
        { board: 'by the present page' },
      ]);
  });

  it('reports the renamed field to former pages and servers, and continues', async () => {
    const former = await pageOf(1, ports[1]);
    const present = await pageOf(2, ports[2]);
    const refused = await send(await pageOf(2, ports[1]), 'Moved', { board: 'to the former server' });
    await send(present, 'Moved', { board: 'new' });
    await send(present, 'Opened', { title: 'after' });

    expect(refused).toBe('UNKNOWN_VERSION');
    expect(await received(former, 2)).toEqual([
      { channel: 'deploy-tickets', reason: 'unreadable' },
      { title: 'after' },
    ]);
    expect((await seenBy(former)).warnings).toEqual(['nestwire: tickets ignores deploy.moved']);
  });

  it('moves pages to the present server without a loss', async () => {
    const [leaving, leavingPort] = await serve(1);
    const link = await Link.to(leavingPort);
    links.push(link);
    const [page, sender] = await Promise.all([pageOf(2, link.port), pageOf(1, ports[2])]);
    await send(sender, 'Moved', { queue: 'before' });
    await received(page, 1);
    link.target = ports[2];
    const stopped = leaving.ask('close');
    await send(sender, 'Moved', { queue: 'during' });
    await stopped;
    await send(sender, 'Moved', { queue: 'after' });

    expect(await received(page, 3)).toEqual([{ board: 'before' }, { board: 'during' }, { board: 'after' }]);
    // The page was welcomed by the former build first.
    expect((await seenBy(page)).contracts).toBe(1);
    expect((await seenBy(sender)).contracts).toBe(0);
  });

  it('has one hash of the contract for each build', async () => {
    const [, again] = await serve(1);
    const hashes = [ports[1], ports[2], again].map(
      async (port) => (await (await RawSocket.hello(port)).frame('welcome')).contract,
    );
    const [former, present, second] = await Promise.all(hashes);

    expect(second).toBe(former);
    expect(present).not.toBe(former);
  });
});
