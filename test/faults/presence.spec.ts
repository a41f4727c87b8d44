import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_PRESENCE } from '@nestwire/messages/internal';
import { Child } from '../rig/child.mjs';
import { describeWithRedis } from '../rig/redis.js';
import { until } from '../rig/until.js';

/** `--quick` takes a shorter lease than the default. */
const LEASE_MS = process.env.QUICK === '1' ? 2_000 : DEFAULT_PRESENCE.leaseMs;
const PROGRAM = new URL('presence-node.mjs', import.meta.url);
const BUILT = existsSync(join(process.cwd(), 'libs/messages/dist/index.js'));

if (!BUILT) console.warn('Processes need the built packages: npm run build.');
(BUILT ? describeWithRedis : describeWithoutBuild)('Processes that know who is where', (redis) => {
  const children: Child[] = [];

  const start = async (...users: string[]) => {
    const child = new Child(PROGRAM);
    children.push(child);
    const pid = (await child.ask('start', { url: redis().url, leaseMs: LEASE_MS })) as number;
    for (const userId of users) await child.ask('join', { id: `${pid}-${userId}`, userId });
    const ask = async (question: string) => (await child.ask(question)) as string[];
    return { child, pid, heard: () => ask('heard'), watched: () => ask('watched') };
  };

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
    await redis().call('FLUSHALL');
  });

  it('lose those of one that is killed within two leases, and hear of it once each', async () => {
    const [one, two] = [await start('ada'), await start('bob')];
    const mortal = await start('cyd', 'ada');
    await until(async () => (await one.heard()).includes('joined cyd'));
    const atMs = performance.now();
    process.kill(mortal.pid, 'SIGKILL');

    for (const { heard } of [one, two])
      await until(async () => (await heard()).includes('left cyd'), 2 * LEASE_MS);
    console.info(`gone after ${Math.round(performance.now() - atMs)} ms with a lease of ${LEASE_MS} ms`);
    expect(await two.child.ask('list')).toEqual(['ada', 'bob']);
    for (const { watched } of [one, two]) expect(await watched()).toEqual(['ada', 'bob']);
    const quietMs = performance.now();
    await until(() => performance.now() - quietMs > LEASE_MS, 2 * LEASE_MS);
    for (const { heard } of [one, two]) {
      expect((await heard()).filter((word) => word === 'left cyd')).toHaveLength(1);
      expect(await heard()).not.toContain('left ada');
    }
  }, 120_000);

  it('know those again that were lost with FLUSHALL while a process was killed', async () => {
    const [one, two] = [await start('ada'), await start('bob')];
    const mortal = await start('cyd');
    for (const { watched } of [one, two]) await until(async () => (await watched()).join() === 'ada,bob,cyd');
    process.kill(mortal.pid, 'SIGKILL');
    await redis().call('FLUSHALL');
    const late = await start();

    // The members come back within a third of a lease; who does not has left after one more lease.
    await until(async () => ((await one.child.ask('list')) as string[]).join() === 'ada,bob', LEASE_MS);
    for (const { watched } of [one, two, late])
      await until(async () => (await watched()).join() === 'ada,bob', 2 * LEASE_MS);
    const quietMs = performance.now();
    await until(() => performance.now() - quietMs > LEASE_MS, 2 * LEASE_MS);
    for (const { watched } of [one, two, late]) expect(await watched()).toEqual(['ada', 'bob']);
  }, 120_000);

  it('have those again of one that stood still for longer than its lease', async () => {
    const [one, sleeper] = [await start('ada'), await start('bob')];
    process.kill(sleeper.pid, 'SIGSTOP');
    try {
      await until(async () => (await one.heard()).includes('left bob'), 2 * LEASE_MS);
      expect(await one.child.ask('list')).toEqual(['ada']);
    } finally {
      process.kill(sleeper.pid, 'SIGCONT');
    }
    await until(
      async () => (await one.heard()).filter((word) => word === 'joined bob').length === 2,
      LEASE_MS,
    );

    expect(await one.child.ask('list')).toEqual(['ada', 'bob']);
    for (const { watched } of [one, sleeper])
      await until(async () => (await watched()).join() === 'ada,bob', LEASE_MS);
    expect((await sleeper.heard()).filter((word) => word.startsWith('left ada'))).toEqual([]);
  }, 120_000);
});

function describeWithoutBuild(name: string, define: (redis: () => never) => void): void {
  describe.skip(name, () => define(() => undefined as never));
}
