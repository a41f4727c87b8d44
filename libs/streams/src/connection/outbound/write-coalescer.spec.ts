import { WriteCoalescer } from './write-coalescer.js';

describe('Frames of one turn', () => {
  it('of many connections leave in slices, each connection once and in order', async () => {
    let nowMs = 0;
    const coalescer = new WriteCoalescer(
      () => {},
      () => nowMs,
    );
    const flushed: number[] = [];
    const perTurn: number[] = [];
    const CONNECTIONS = 100;

    for (let n = 0; n < CONNECTIONS; n++)
      coalescer.add({
        flush: () => {
          nowMs += 0.5;
          flushed.push(n);
        },
      });
    while (flushed.length < CONNECTIONS) {
      const before = flushed.length;
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(flushed.length - before);
    }

    // 5 ms are ten flushes, and the clock is looked at each sixteen.
    expect(Math.max(...perTurn)).toBe(16);
    expect(flushed).toEqual(Array.from({ length: CONNECTIONS }, (_, n) => n));
  });

  it('leave when the read is handled that they answer, if nothing else waits', () => {
    const coalescer = new WriteCoalescer();
    const flushed: string[] = [];
    const mine = { flush: () => void flushed.push('mine') };

    coalescer.beginRead();
    coalescer.add(mine);
    expect(flushed).toEqual([]);
    coalescer.endRead(mine);

    expect(flushed).toEqual(['mine']);
  });

  it.each([
    ['others wait as well', true, ['mine', 'other']],
    ['only another waits', false, ['other']],
  ])('leave at the end of the turn, once, if %s', async (_, isMineToo, expected) => {
    const coalescer = new WriteCoalescer();
    const flushed: string[] = [];
    const mine = { flush: () => void flushed.push('mine') };
    const other = { flush: () => void flushed.push('other') };

    coalescer.beginRead();
    if (isMineToo) coalescer.add(mine);
    coalescer.add(other);
    coalescer.endRead(mine);
    expect(flushed).toEqual([]);
    await new Promise(setImmediate);

    expect(flushed).toEqual(expected);
  });

  it('leave at the end of the turn while the process is busy', async () => {
    const coalescer = new WriteCoalescer();
    const flushed: string[] = [];
    const mine = { flush: () => void flushed.push('mine') };
    // The loop does nothing but this, for as long as the coalescer looks back.
    for (let read = 0; read < 1_024; read++) {
      coalescer.beginRead();
      coalescer.endRead(mine);
    }

    coalescer.beginRead();
    coalescer.add(mine);
    coalescer.endRead(mine);
    expect(flushed).toEqual([]);
    await new Promise(setImmediate);

    expect(flushed).toEqual(['mine']);
  });

  it('leave before the turn is reported as flushed, once for each read', () => {
    const events: string[] = [];
    const coalescer = new WriteCoalescer(() => events.push('flushed'));
    const mine = { flush: () => void events.push('mine') };

    for (let read = 0; read < 2; read++) {
      coalescer.beginRead();
      coalescer.add(mine);
      coalescer.endRead(mine);
    }

    expect(events).toEqual(['mine', 'flushed', 'mine', 'flushed']);
  });

  it('leave before the turn is reported as flushed, once for all queues', async () => {
    const events: string[] = [];
    const coalescer = new WriteCoalescer(() => events.push('flushed'));

    for (const name of ['mine', 'other']) coalescer.add({ flush: () => void events.push(name) });
    await new Promise(setImmediate);

    expect(events).toEqual(['mine', 'other', 'flushed']);
  });
});
