import 'reflect-metadata';
import { Expose, Transform, Type } from '@nestwire/protocol/class-transformer';
import { create, StreamMessage } from '@nestwire/protocol';
import { encodeMessage } from '@nestwire/protocol/codec';
import { decodeMessage } from '@nestwire/protocol/internal';
import { encodingOf } from '@nestwire/protocol/compiled';
import { cpuMsOf } from '../rig/cpu-ms.js';
import '../rig/message-libraries.js';

@StreamMessage('regression.picture')
class Picture {
  declare readonly $type: 'regression.picture';
  pixels: unknown = new Uint8Array(48_000).fill(7);
}

@StreamMessage('regression.gallery')
class Gallery {
  declare readonly $type: 'regression.gallery';
  readonly #name = 'x';
  @Type(() => Picture) cover!: Picture;
  pictures!: Uint8Array[];
  @Transform(({ value }) => Buffer.from(value as Uint8Array).toString(), { toPlainOnly: true })
  text!: unknown;
  @Transform(({ value }) => (value as Uint8Array[]).map((each) => each[0]! + each[1]!), { toPlainOnly: true })
  sums!: unknown;
  @Expose() get name(): string {
    return this.#name;
  }
}

// class-transformer took each byte for a property: one frame of bytes held a server up for seconds.
describe('Bytes in a message', () => {
  it('are read without a look at each of them as a property', () => {
    const data = JSON.parse(encodingOf(new Picture()).data) as object;

    let picture: unknown;
    const took = cpuMsOf(() => {
      picture = decodeMessage(Picture, { ...data, nested: { list: [data] } } as object);
    });

    expect(took).toBeLessThan(1_000);
    expect(picture).toMatchObject({ ...new Picture(), nested: { list: [{ ...new Picture() }] } });
  });

  it('are written by the libraries without one, but for those that a @Transform looks at', () => {
    const gallery = create(Gallery, {
      cover: new Picture(),
      pictures: [new Uint8Array(48_000), new Uint8Array(48_000)],
      text: new Uint8Array([104, 105]),
      sums: [new Uint8Array([1, 2])],
    });

    Object.freeze(gallery);

    let data = '';
    const took = cpuMsOf(() => void ({ data } = encodeMessage(gallery)));

    expect(took).toBeLessThan(1_000);
    expect(decodeMessage(Gallery, JSON.parse(data) as object)).toMatchObject({
      cover: new Picture(),
      pictures: gallery.pictures,
      text: 'hi',
      sums: [3],
      name: 'x',
    });
  });

  it('stand beside a map as they were', () => {
    const pixels = [
      new Uint8Array([1]),
      new Map<unknown, unknown>([
        [1, 'one'],
        [0, 'zero'],
      ]),
    ];
    const { data } = encodeMessage(create(Picture, { pixels }));

    expect(decodeMessage(Picture, JSON.parse(data) as object).pixels).toEqual(pixels);
  });

  it('stand in a list that has a property of any name', () => {
    const pixels = Object.assign([new Uint8Array([1])], { constructor: false });

    const { data } = encodeMessage(create(Picture, { pixels }));

    expect(decodeMessage(Picture, JSON.parse(data) as object).pixels).toEqual([new Uint8Array([1])]);
  });

  it('are written by compiled code as the libraries write them', () => {
    const small = create(Picture, {
      pixels: { list: [new Uint8Array([1, 2, 255])], of: Buffer.from('abc') },
    });

    expect(cpuMsOf(() => void encodingOf(new Picture()))).toBeLessThan(1_000);
    expect(encodingOf(small)).toEqual(encodeMessage(small));
  });
});
