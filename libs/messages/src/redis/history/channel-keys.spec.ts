import slotOf from 'cluster-key-slot';
import { ChannelKeys } from './channel-keys.js';

describe('ChannelKeys', () => {
  it('gives all keys of a channel the same slot', () => {
    const { ephemeral, live, meta, stream, idStart, consumerStart } = new ChannelKeys('app').of('room:lobby');
    const names = [ephemeral, live, meta, stream, `${idStart}01-Ab_.`, `${consumerStart}01-Ab_.`];

    for (const name of names) expect(name).toMatch(/^app:[clmskr]:\{[\w-]{22}\}(:01-Ab_\.)?$/);
    expect(new Set(names).size).toBe(6);
    expect(new Set(names.map(slotOf)).size).toBe(1);
  });

  it('gives each pair of prefix and channel its own hash, whatever the names', () => {
    const pairs = ['1', '1:', 'a', '11', '1:1', ':', '{}', 'a*', '1:1:1'].flatMap((prefix) =>
      ['1', ':1', 'a', '1:1', '{', '}', '*', '11:1'].map((name) => new ChannelKeys(prefix).of(name).meta),
    );
    const hashes = pairs.map((key) => key.slice(key.lastIndexOf(':m:')));

    expect(new Set(hashes).size).toBe(pairs.length);
  });

  it('gives the same keys again after the cache has evicted them', () => {
    const keys = new ChannelKeys('app');
    const first = keys.of('first');

    expect(keys.of('first')).toBe(first);
    for (let index = 0; index < 10_000; index++) keys.of(`${index}`);

    expect(keys.of('first')).not.toBe(first);
    expect(keys.of('first')).toEqual(first);
  });
});
