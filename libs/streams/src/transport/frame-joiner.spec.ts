import { FrameJoiner, wireBytesOf } from './frame-joiner.js';
import type { PreparedPayload } from './wire.js';
import { WsFrame } from './ws-frame.js';

function joinAll(joiner: FrameJoiner, payloads: readonly PreparedPayload[]): Uint8Array {
  return joiner.join(
    payloads,
    payloads.reduce((sum, payload) => sum + wireBytesOf(payload), 0),
  );
}

function framesOf(...texts: string[]): Uint8Array[] {
  return texts.map((text) => new WsFrame(text).bytes);
}

describe('Frames that leave in one turn', () => {
  it('are joined in order, texts framed on the way', () => {
    const [first, second, third] = framesOf('one', 'zwei €', 'three') as [Uint8Array, Uint8Array, Uint8Array];

    const joined = joinAll(new FrameJoiner(), [first, 'zwei €', third]);

    expect(Buffer.from(joined)).toEqual(Buffer.concat([first, second, third]));
  });

  it('are joined once for wires that have the same', () => {
    const joiner = new FrameJoiner();
    const frames = framesOf('a', 'b');

    expect(joinAll(joiner, [...frames])).toBe(joinAll(joiner, [...frames]));
  });

  it.each([
    ['another order', (frames: PreparedPayload[]) => frames.toReversed()],
    ['one less', (frames: PreparedPayload[]) => frames.slice(0, 1)],
    ['one more', (frames: PreparedPayload[]) => [...frames, frames[0]!]],
    ['another frame with the same length', (frames: PreparedPayload[]) => [frames[0]!, ...framesOf('c')]],
    ['a text of one client alone', (frames: PreparedPayload[]) => [frames[0]!, 'b!']],
  ])('are joined again for a wire that has %s', (_, others) => {
    const joiner = new FrameJoiner();
    const frames: PreparedPayload[] = framesOf('a', 'b');
    joinAll(joiner, frames);

    const joined = joinAll(joiner, others(frames));

    expect(Buffer.from(joined)).toEqual(Buffer.from(joinAll(new FrameJoiner(), others(frames))));
  });

  it('are not copied where a wire has one alone', () => {
    const [frame] = framesOf('a') as [Uint8Array];

    expect(joinAll(new FrameJoiner(), [frame])).toBe(frame);
  });

  it('are forgotten at the end of the turn', () => {
    const joiner = new FrameJoiner();
    const frames = framesOf('a', 'b');
    const joined = joinAll(joiner, frames);

    joiner.forget();

    expect(joinAll(joiner, frames)).not.toBe(joined);
  });
});
