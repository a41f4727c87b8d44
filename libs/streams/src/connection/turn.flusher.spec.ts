import { WsFrame } from '../transport/ws-frame.js';
import { bytesOf, TurnFlusher, type Piece } from './turn.flusher.js';

function joinAll(flusher: TurnFlusher, pieces: readonly Piece[]): Uint8Array {
  return flusher.join(
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

    const joined = joinAll(new TurnFlusher(), [first, 'zwei €', third]);

    expect(Buffer.from(joined)).toEqual(Buffer.concat([first, second, third]));
  });

  it('are joined once for all who have the same', () => {
    const flusher = new TurnFlusher();
    const frames = framesOf('a', 'b');

    expect(joinAll(flusher, [...frames])).toBe(joinAll(flusher, [...frames]));
  });

  it.each([
    ['another order', (frames: Piece[]) => frames.toReversed()],
    ['one less', (frames: Piece[]) => frames.slice(0, 1)],
    ['one more', (frames: Piece[]) => [...frames, frames[0]!]],
    ['another frame with the same length', (frames: Piece[]) => [frames[0]!, ...framesOf('c')]],
    ['a text of one client alone', (frames: Piece[]) => [frames[0]!, 'b!']],
  ])('are joined anew for who has %s', (_, others) => {
    const flusher = new TurnFlusher();
    const frames: Piece[] = framesOf('a', 'b');
    joinAll(flusher, frames);

    const joined = joinAll(flusher, others(frames));

    expect(Buffer.from(joined)).toEqual(Buffer.from(joinAll(new TurnFlusher(), others(frames))));
  });

  it('are forgotten when the turn is over', async () => {
    const flusher = new TurnFlusher();
    const frames = framesOf('a', 'b');
    const joined: Uint8Array[] = [];
    const outbox = { flush: () => void joined.push(joinAll(flusher, frames)) };

    for (let turn = 0; turn < 2; turn++) {
      flusher.add(outbox);
      await new Promise(setImmediate);
    }

    expect(joined).toHaveLength(2);
    expect(joined[0]).not.toBe(joined[1]);
  });
});
