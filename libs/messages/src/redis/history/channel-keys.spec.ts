import { ChannelKeys } from './channel-keys.js';
import { slotOf } from '../connection/key-slot.js';

describe('ChannelKeys', () => {
  it('names all that belongs to a channel, in one slot', () => {
    const { ephemeral, live, meta, stream, idStart, consumerStart } = new ChannelKeys('app').of('room:lobby');
    const names = [ephemeral, live, meta, stream, `${idStart}01-Ab_.`, `${consumerStart}01-Ab_.`];

    for (const name of names) expect(name).toMatch(/^app:[clmskr]:\{[\w-]{22}\}(:01-Ab_\.)?$/);
    expect(new Set(names).size).toBe(6);
    expect(new Set(names.map(slotOf)).size).toBe(1);
  });

  it('gives no two channels or prefixes the same hash, whatever they are called', () => {
    const pairs = ['1', '1:', 'a', '11', '1:1', ':', '{}', 'a*', '1:1:1'].flatMap((prefix) =>
      ['1', ':1', 'a', '1:1', '{', '}', '*', '11:1'].map((name) => new ChannelKeys(prefix).of(name).meta),
    );
    const hashes = pairs.map((key) => key.slice(key.lastIndexOf(':m:')));

    expect(new Set(hashes).size).toBe(pairs.length);
  });

  it('gives the same names however many it has given', () => {
    const keys = new ChannelKeys('app');
    const first = keys.of('first');

    expect(keys.of('first')).toBe(first);
    for (let index = 0; index < 10_000; index++) keys.of(`${index}`);

    expect(keys.of('first')).not.toBe(first);
    expect(keys.of('first')).toEqual(first);
  });
});

describe('slotOf', () => {
  it.each([
    ['123456789', 12_739],
    ['foo', 12_182],
    ['{foo}.bar', 12_182],
    ['x{foo}{bar}', 12_182],
    ['', 0],
  ])('puts %s where a Cluster puts it', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
  });

  it('takes an empty tag, or one without an end, for a part of the key', () => {
    expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
    expect(slotOf('{bar')).not.toBe(slotOf('bar'));
  });
});
