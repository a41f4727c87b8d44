import { WsFrame } from '../../transport/ws-frame.js';
import { bytesOf, WriteCoalescer, type Piece } from './write-coalescer.js';

function joinAll(coalescer: WriteCoalescer, pieces: readonly Piece[]): Uint8Array {
  return coalescer.join(
    pieces,
    pieces.reduce((sum, piece) => sum + bytesOf(piece), 0),
  );
}

function framesOf(...texts: string[]): Uint8Array[] {
  return texts.map((text) => new WsFrame(text).bytes);
}

describe('Pieces that leave in one turn', () => {
  it('are joined in order, texts framed on the way', () => {
    const [first, second, third] = framesOf('one', 'zwei €', 'three') as [Uint8Array, Uint8Array, Uint8Array];

    const joined = joinAll(new WriteCoalescer(), [first, 'zwei €', third]);

    expect(Buffer.from(joined)).toEqual(Buffer.concat([first, second, third]));
  });

  it('are joined once for all who have the same', () => {
    const coalescer = new WriteCoalescer();
    const frames = framesOf('a', 'b');

    expect(joinAll(coalescer, [...frames])).toBe(joinAll(coalescer, [...frames]));
  });

  it.each([
    ['another order', (frames: Piece[]) => frames.toReversed()],
    ['one less', (frames: Piece[]) => frames.slice(0, 1)],
    ['one more', (frames: Piece[]) => [...frames, frames[0]!]],
    ['another frame with the same length', (frames: Piece[]) => [frames[0]!, ...framesOf('c')]],
    ['a text of one client alone', (frames: Piece[]) => [frames[0]!, 'b!']],
  ])('are joined anew for who has %s', (_, others) => {
    const coalescer = new WriteCoalescer();
    const frames: Piece[] = framesOf('a', 'b');
    joinAll(coalescer, frames);

    const joined = joinAll(coalescer, others(frames));

    expect(Buffer.from(joined)).toEqual(Buffer.from(joinAll(new WriteCoalescer(), others(frames))));
  });

  it('that many connections have leave in slices, each connection once and in order', async () => {
    let nowMs = 0;
    const coalescer = new WriteCoalescer(() => nowMs);
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

  it('are forgotten when they have left with a read', () => {
    const coalescer = new WriteCoalescer();
    const frames = framesOf('a', 'b');
    const joined: Uint8Array[] = [];
    const outbox = { flush: () => void joined.push(joinAll(coalescer, frames)) };

    for (let read = 0; read < 2; read++) {
      coalescer.beginRead();
      coalescer.add(outbox);
      coalescer.endRead(outbox);
    }

    expect(joined).toHaveLength(2);
    expect(joined[0]).not.toBe(joined[1]);
  });

  it('are forgotten when the turn is over', async () => {
    const coalescer = new WriteCoalescer();
    const frames = framesOf('a', 'b');
    const joined: Uint8Array[] = [];
    const outbox = { flush: () => void joined.push(joinAll(coalescer, frames)) };

    for (let turn = 0; turn < 2; turn++) {
      coalescer.add(outbox);
      await new Promise(setImmediate);
    }

    expect(joined).toHaveLength(2);
    expect(joined[0]).not.toBe(joined[1]);
  });
});
