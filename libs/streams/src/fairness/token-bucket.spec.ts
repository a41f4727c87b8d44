import * as fc from 'fast-check';
import { DEFAULT_LIMITS } from '../streams-limits.js';
import { InboundGate } from '../connection/inbound-gate.js';
import { TokenBucket } from './token-bucket.js';
import { seedOf } from '../../../../test/rig/seed.js';

fc.configureGlobal({ seed: seedOf('token-bucket') });

describe('TokenBucket', () => {
  it('never gives more than its rate and one burst', () => {
    const steps = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 500 }), count: fc.integer({ min: 1, max: 20 }) }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), steps, (perSecond, takes) => {
        const bucket = new TokenBucket(perSecond, 0);
        let now = 0;
        let taken = 0;
        for (const { waitMs, count } of takes) {
          now += waitMs;
          if (!bucket.take(count, now)) taken += count;
          expect(taken).toBeLessThanOrEqual(perSecond * 2 + (perSecond * now) / 1_000 + 1e-6);
        }
      }),
    );
  });

  it('says when there will be enough', () => {
    const bucket = new TokenBucket(10, 0);

    expect(bucket.take(20, 0)).toBe(0);
    expect(bucket.take(1, 0)).toBe(100);
    expect(bucket.take(1, 100)).toBe(0);
    expect(bucket.isFull(100)).toBe(false);
    expect(bucket.isFull(2_100)).toBe(true);
  });
});

describe('InboundGate', () => {
  it('counts bad frames within a minute and refusals within ten seconds', () => {
    const gate = new InboundGate({ ...DEFAULT_LIMITS, maxRefusals: 1 }, 0);

    expect([gate.countBadFrame(1), gate.countBadFrame(2), gate.countBadFrame(59_000)]).toEqual([
      false,
      false,
      true,
    ]);
    expect([gate.countBadFrame(70_000), gate.countBadFrame(70_001)]).toEqual([false, false]);
    expect([gate.refuse(0), gate.refuse(1)]).toEqual([false, true]);
    expect(gate.refuse(20_000)).toBe(false);
  });

  it('counts bytes as well as frames', () => {
    const gate = new InboundGate({ ...DEFAULT_LIMITS, bytesPerSecond: 100 }, 0);

    expect(gate.admit(200, 0)).toBe(0);
    expect(gate.admit(1, 0)).toBe(10);
  });
});
