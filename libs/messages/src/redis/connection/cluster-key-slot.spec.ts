import slotOf from 'cluster-key-slot';
import * as fc from 'fast-check';
import { seedOf } from '../../../../../test/rig/seed.js';
import { ChannelKeys } from '../history/channel-keys.js';
import { PresenceKeys } from '../presence/redis-presence-keys.js';
import { resolveTuning } from './redis.options.js';

fc.configureGlobal({ seed: seedOf('cluster-key-slot') });

/** The slot of a key by the specification of Redis Cluster, as a second opinion. */
function specifiedSlotOf(key: string): number {
  const start = key.indexOf('{');
  const end = start < 0 ? -1 : key.indexOf('}', start + 1);
  const hashed = end > start + 1 ? key.slice(start + 1, end) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % 16_384;
}

describe('cluster-key-slot', () => {
  // The values of CLUSTER KEYSLOT of Redis 7.
  it.each([
    ['123456789', 12_739],
    ['', 0],
    ['{user1000}.following', 3_443],
    ['{user1000}.followers', 3_443],
    ['foo{{bar}}zap', 4_015],
    ['foo{bar}{zap}', 5_061],
    ['foo{bar', 15_278],
    ['foo{}', 5_542],
    ['é', 10_180],
  ])('puts %j into the slot %d', (key, slot) => {
    expect(slotOf(key)).toBe(slot);
    expect(specifiedSlotOf(key)).toBe(slot);
  });

  it('is wrong about a key with an empty tag before another one, which nestwire never makes', () => {
    expect(specifiedSlotOf('foo{}{bar}')).toBe(8_363);
    expect(slotOf('foo{}{bar}')).not.toBe(8_363);
  });
});

describe('A key of nestwire', () => {
  const prefixes = fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/);
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('{}', '{}{a}', '{', '}'),
  );
  /** At most one pair of braces, with a tag that is not empty. */
  const plain = /^[^{}]*(\{[^{}]+\}[^{}]*)?$/;

  it('has at most one tag, which is not empty, whatever the prefix and the channel', () => {
    fc.assert(
      fc.property(prefixes, names, (prefix, name) => {
        const channels = new ChannelKeys(prefix);
        const { ephemeral, live, meta, stream, idStart, consumerStart } = channels.of(name);
        const presence = new PresenceKeys(prefix);
        const keys = [ephemeral, live, meta, stream, `${idStart}01-Ab_.`, `${consumerStart}a.b`];

        for (const key of [...keys, channels.probeKeyOf('a-Z_0', 1), presence.recordsOf(name)]) {
          expect(key).toMatch(plain);
          expect(slotOf(key)).toBe(specifiedSlotOf(key));
        }
      }),
    );
  });

  it.each(['a{b', 'a}b', '{}', '{a}'])('has no braces of the prefix: %j is refused', (prefix) => {
    expect(resolveTuning({ prefix }).problems).toHaveLength(1);
  });
});
