import { jest } from '@jest/globals';
import fc from 'fast-check';
import { FairQueue, type QueuePosition } from './fair-queue.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('fair-queue') });

/** Starts tasks that run until they are released, and records the started ones. */
function tasksOf(queue: FairQueue) {
  const begun: string[] = [];
  const releases: Array<() => void> = [];
  const start = (share: string, member: string, name: string) =>
    queue.start({ share, member }, (release) => {
      begun.push(name);
      releases.push(release);
    });
  return { begun, releases, start };
}

describe('FairQueue', () => {
  it('begins a task at once where there is room', () => {
    const { begun, start } = tasksOf(new FairQueue({ max: 2, maxPerShare: 1 }));

    start('heavy', 'a', 'heavy 1');
    start('heavy', 'a', 'heavy 2');
    start('honest', 'b', 'honest 1');

    expect(begun).toEqual(['heavy 1', 'honest 1']);
  });

  it('lets shares take turns, and members of a share', () => {
    const queue = new FairQueue({ max: 1, maxPerShare: 1 });
    const { begun, releases, start } = tasksOf(queue);
    for (const name of ['a1', 'a2', 'a3']) start('heavy', 'a', name);
    start('heavy', 'b', 'b1');
    start('honest', 'c', 'c1');

    while (releases.length) releases.shift()!();

    expect(begun).toEqual(['a1', 'c1', 'b1', 'a2', 'a3']);
    expect(queue.waiting).toBe(0);
  });

  it('begins no task that was withdrawn, and those behind it', () => {
    const queue = new FairQueue({ maxPerShare: 1 });
    const { begun, releases, start } = tasksOf(queue);
    const withdraw = ['1', '2', '3'].map((name) => start('a', 'a', name));

    expect(withdraw[0]).toBeUndefined();
    withdraw[1]!();
    withdraw[1]!();
    while (releases.length) releases.shift()!();

    expect(begun).toEqual(['1', '3']);
    expect(queue.waiting).toBe(0);
  });

  it.each([
    [500, ['1', '2', '3']],
    [undefined, ['1']],
  ])('counts a task for %s ms at most', (releaseAfterMs, expected) => {
    jest.useFakeTimers();
    const { begun, start } = tasksOf(new FairQueue({ maxPerShare: 1, releaseAfterMs }));
    for (const name of ['1', '2', '3']) start('a', 'a', name);

    jest.advanceTimersByTime(1_200);
    jest.useRealTimers();

    expect(begun).toEqual(expected);
  });

  it('begins any number of tasks that end at once', () => {
    const queue = new FairQueue({ maxPerShare: 1 });
    let release = (): void => undefined;
    queue.start({ share: 'a', member: 'a' }, (end) => (release = end));
    let ended = 0;
    for (let index = 0; index < 50_000; index++) {
      queue.start({ share: 'a', member: `${index % 9}` }, (end) => {
        ended++;
        end();
      });
    }

    release();

    expect(ended).toBe(50_000);
  });

  it('counts a release once', () => {
    const { begun, releases, start } = tasksOf(new FairQueue({ max: 1, maxPerShare: 1 }));
    for (const name of ['1', '2', '3']) start('a', 'a', name);

    const first = releases[0]!;
    first();
    first();

    expect(begun).toEqual(['1', '2']);
  });

  it('settles as its task does', async () => {
    const queue = new FairQueue({ maxPerShare: 1 });
    const position: QueuePosition = { share: 'a', member: 'a' };

    await expect(queue.run(position, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(queue.run(position, () => Promise.resolve(1))).resolves.toBe(1);
  });

  it('keeps its bounds, begins every task, and keeps nothing behind', () => {
    const task = fc.record({ share: fc.nat(3), member: fc.nat(2), ends: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 80 }), (tasks) => {
        const queue = new FairQueue({ max: 5, maxPerShare: 3, maxPerMember: 2 });
        const running: Array<{ share: string; release: () => void }> = [];
        let count = 0;
        for (const { share, member, ends } of tasks) {
          queue.start({ share: `${share}`, member: `${share}.${member}` }, (release) => {
            count++;
            running.push({ share: `${share}`, release });
          });
          expect(running.length).toBeLessThanOrEqual(5);
          for (const name of ['0', '1', '2', '3'])
            expect(running.filter((one) => one.share === name).length).toBeLessThanOrEqual(3);
          running.splice(ends, 1).forEach(({ release }) => release());
        }
        while (running.length) running.shift()!.release();

        expect(count).toBe(tasks.length);
        expect(queue.waiting).toBe(0);
        expect((queue as unknown as { shares: Map<string, unknown> }).shares.size).toBe(0);
      }),
    );
  });
});
