import { ModelCluster, type Step } from '../../../../test/rig/delivery/cluster.js';
import { explore, play } from '../../../../test/rig/delivery/explore.js';
import { BROKEN_RULES, RULES } from '../../../../test/rig/delivery/rules.js';
import { seedOf } from '../../../../test/rig/seed.js';

/** `FUZZ_RUNS=300000` for the long form; `FUZZ_SEED` finds a history again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const SEED = { seed: seedOf('delivery') };
const DEADLINE_MS = 30_000 + RUNS;
/** Broken rules are explored from a seed of their own, so that they are caught each time. */
const CONTROL = { runs: 30_000, seed: 42, endOnFailure: true };
const RETRIES = { retryWeight: 3 };

describe('The rules of a history', () => {
  it(
    'keep order, lose nothing silently, repeat nothing and converge, whatever happens to the cluster',
    () => {
      const { report, seen } = explore(RULES, { runs: RUNS, ...SEED });

      expect(report).toBe('');
      // The exploration included each kind of gap, and recoveries without one.
      for (const what of ['message', 'repeat', 'trimmed', 'diverged', 'epoch-changed'])
        expect(seen).toHaveProperty(what);
    },
    DEADLINE_MS,
  );

  it.each(Object.entries(BROKEN_RULES))('are caught when %s', (_what, rules) => {
    expect(explore(rules, CONTROL).broken).toBeDefined();
  });
});

describe('A post that is repeated on a branch without it', () => {
  it(
    'is no harm where a position names the whole past',
    () => {
      const { report } = explore(RULES, { runs: RUNS, ...SEED, ...RETRIES, naming: 'past' });

      expect(report).toBe('');
    },
    DEADLINE_MS,
  );

  it('can come to stand where it stood, behind another past: its id alone hides that', () => {
    expect(explore(RULES, { ...CONTROL, ...RETRIES }).broken).toEqual(['I3 no silent loss', 'I4 no phantom']);

    const steps: Step[] = [
      ['join', 0, 0],
      ['save', 0, 0],
      ['post', 0, 0],
      ['post', 0, 0],
      ['handle', 0, 0],
      ['handle', 0, 0],
      // The two are lost; one that the client has not seen is stored, and then the second again.
      ['leave', 0, 0],
      ['restore', 0, 0],
      ['post', 0, 0],
      ['retry', 0, 1],
      ['join', 0, 0],
    ];
    expect(play(new ModelCluster(RULES), steps)).toEqual(['I3 no silent loss', 'I4 no phantom']);
    expect(play(new ModelCluster(RULES, 'past'), steps)).toEqual([]);
  });
});
