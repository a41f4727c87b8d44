import { lifeOf, onAbort } from './on-abort.js';
import { SlicedWork, slicedWork } from './sliced-work.js';

/** A clock whose time passes by the work that is done, and whose turns end when the test says so. */
class WorkClock {
  nowMs = 0;
  private next: Array<() => void> = [];
  readonly now = (): number => this.nowMs;
  readonly nextTurn = (run: () => void): void => void this.next.push(run);

  /** Ends this turn, and runs what the next one has to do. */
  async turn(): Promise<void> {
    for (const run of this.next.splice(0)) run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('Sliced work', () => {
  it('that fits into a turn is done at once', () => {
    const clock = new WorkClock();
    const done: number[] = [];

    const rest = new SlicedWork(clock, 5).forEach(numbers(100), (n) => done.push(n));

    expect(rest).toBeUndefined();
    expect(done).toEqual(numbers(100));
  });

  it('takes at most its time of each turn, in order, until all is done', async () => {
    const clock = new WorkClock();
    const work = new SlicedWork(clock, 5);
    const perTurn: number[] = [0];

    const rest = work.forEach(numbers(23), () => {
      clock.nowMs++;
      perTurn[perTurn.length - 1]!++;
    });
    while (work.size) {
      perTurn.push(0);
      await clock.turn();
    }
    await rest;

    expect(perTurn).toEqual([5, 5, 5, 5, 3]);
  });

  it('shares the time of a turn between all jobs of that turn', () => {
    const clock = new WorkClock();
    const work = new SlicedWork(clock, 5);
    let items = 0;
    const act = (): void => {
      clock.nowMs++;
      items++;
    };

    for (let jobs = 0; jobs < 10; jobs++) void work.forEach(numbers(3), act);

    expect(items).toBe(5);
  });

  it('lets a small job pass that comes behind large ones', async () => {
    const clock = new WorkClock();
    const work = new SlicedWork(clock, 5);
    let isDone = false;

    for (let jobs = 0; jobs < 3; jobs++) void work.forEach(numbers(10_000), () => (clock.nowMs += 0.1));
    void work.forEach([1], () => (isDone = true));
    for (let turns = 0; turns < 2; turns++) await clock.turn();

    expect(isDone).toBe(true);
    expect(work.size).toBe(3);
  });

  it('ends the job alone that fails', async () => {
    const clock = new WorkClock();
    const work = new SlicedWork(clock, 5);
    let done = 0;
    void work.forEach(numbers(6), () => (clock.nowMs += 1));

    const failing = work.forEach(numbers(3), () => {
      throw new Error('broken');
    });
    const other = work.forEach(numbers(3), () => done++);
    const refused = expect(failing).rejects.toThrow('broken');
    await clock.turn();

    await refused;
    await other;
    expect(done).toBe(3);
  });

  it('reaches what is added to a collection meanwhile, and not what is taken out', async () => {
    const clock = new WorkClock();
    const work = new SlicedWork(clock, 5);
    const items = new Set(numbers(8));
    const done: number[] = [];

    void work.forEach(items, (n) => {
      clock.nowMs++;
      done.push(n);
    });
    items.delete(6);
    items.add(8);
    while (work.size) await clock.turn();

    expect(done).toEqual([0, 1, 2, 3, 4, 5, 7, 8]);
  });
});

describe('A signal with many actions', () => {
  it('ends its life before the first action, and runs each action once', async () => {
    const ended = new AbortController();
    const life = lifeOf(ended.signal);
    const seen: boolean[] = [];
    let leftInTurn = 0;
    const ACTIONS = 2_000;
    for (let n = 0; n < ACTIONS; n++)
      onAbort(ended.signal, () => {
        seen.push(life.isOver);
        const until = performance.now() + 0.02;
        while (performance.now() < until);
      });

    ended.abort();
    leftInTurn = ACTIONS - seen.length;
    while (slicedWork.size) await new Promise((resolve) => setImmediate(resolve));

    // 2,000 actions of 0.02 ms are at least 40 ms of work, which no turn has.
    expect(leftInTurn).toBeGreaterThan(0);
    expect(seen).toEqual(Array.from({ length: ACTIONS }, () => true));
  });
});
