import 'reflect-metadata';
import '@nestwire/protocol/class-transformer';
import { create, decodeMessage, encodeMessage, StreamMessage } from '@nestwire/protocol';
import { encodingOf } from '@nestwire/protocol/compiled';

@StreamMessage('regression.picture')
class Picture {
  declare readonly $type: 'regression.picture';
  pixels: unknown = new Uint8Array(48_000).fill(7);
}

// class-transformer took each byte for a property: one frame of bytes held a server up for seconds.
describe('Bytes in a message', () => {
  it('are read without a look at each of them as a property', () => {
    const data = JSON.parse(encodingOf(new Picture()).data) as object;

    const startedAt = performance.now();
    const picture = decodeMessage(Picture, { ...data, nested: { list: [data] } } as object);

    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(picture).toMatchObject({ ...new Picture(), nested: { list: [{ ...new Picture() }] } });
  });

  it('are written without one, as the libraries write them', () => {
    const small = create(Picture, {
      pixels: { list: [new Uint8Array([1, 2, 255])], of: Buffer.from('abc') },
    });

    const startedAt = performance.now();
    encodingOf(new Picture());

    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(encodingOf(small)).toEqual(encodeMessage(small));
  });
});
