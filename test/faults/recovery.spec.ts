import { FakeClock } from '@nestwire/testing';
import { explore } from '../rig/recovery/explore.js';
import { Ledger } from '../rig/recovery/ledger.js';
import { RedisStore } from '../rig/recovery/redis.store.js';
import { describeWithRedis } from '../rig/redis.js';
import { seedOf } from '../rig/seed.js';

/** `FUZZ_RUNS` for the long form; `FUZZ_SEED` finds a run again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? (process.env.QUICK === '1' ? 100 : 600));
const SEED = { seed: seedOf('recovery over Redis') };
const STEPS = 30;

describeWithRedis('Clients and servers of a real Redis', (redis) => {
  it(
    'keep the promises of channels, whatever happens to connections and histories',
    async () => {
      const start = () => {
        const ledger = new Ledger();
        return { ledger, clock: new FakeClock(), store: new RedisStore(redis(), ledger) };
      };
      const { report, seen } = await explore(start, { runs: RUNS, steps: STEPS, ...SEED });

      expect(report).toBe('');
      for (const what of ['message', 'first', 'snapshot']) expect(seen).toHaveProperty(what);
    },
    60_000 + RUNS * 3_000,
  );
});
