import {
  BROKEN_DECODERS,
  BROKEN_READERS,
  ENCODER_RULES,
  readForgettingConstraints,
  simpleEncoder,
} from '../../../../test/rig/compiled/broken.js';
import { compiled, type Subject } from '../../../../test/rig/compiled/differences.js';
import {
  fuzzInstances,
  fuzzMessages,
  shapesThatDiffer,
  totals,
  type Findings,
} from '../../../../test/rig/compiled/fuzz.js';
import { CONSTRAINTS, shapes } from '../../../../test/rig/compiled/shapes.js';
import { seedOf } from '../../../../test/rig/seed.js';
import '../../../../test/rig/message-libraries.js';

/** `FUZZ_RUNS=200000` runs the long form; `FUZZ_SEED` reproduces a difference. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 4_000);
const SEED = { seed: seedOf('compiled messages') };
/** The controls have a fixed seed, because they test the fuzz and not the code. */
const CONTROL = { runs: 6_000, seed: 1 };
const LONG_MS = 3_600_000;

function report(what: string, { seed, runs, tally }: Findings): void {
  if (process.env.FUZZ_RUNS)
    process.stdout.write(
      `${what}: ${JSON.stringify({ seed, runs, classes: tally.size, ...totals(tally) })}\n`,
    );
}

function broken(part: Partial<Subject>): Subject {
  return { ...compiled, ...part };
}

describe('Compiled code', () => {
  it(
    'makes, accepts, refuses and writes messages as the libraries do',
    async () => {
      const findings = await fuzzMessages(compiled, { runs: RUNS, ...SEED });
      report('messages', findings);

      expect(findings.difference).toBeUndefined();
      expect(findings.tally.size).toBe(shapes.length);
      expect(totals(findings.tally).accepted).toBeGreaterThan(RUNS / 5);
      expect(totals(findings.tally).refused).toBeGreaterThan(RUNS / 5);
    },
    LONG_MS,
  );

  it(
    'writes instances that applications make as the libraries do, and leaves them as they are',
    () => {
      const findings = fuzzInstances(compiled, { runs: RUNS, ...SEED });
      report('instances', findings);

      expect(findings.difference).toBeUndefined();
      expect(totals(findings.tally).accepted).toBeGreaterThan(RUNS / 5);
      expect(totals(findings.tally).refused).toBeGreaterThan(RUNS / 20);
    },
    LONG_MS,
  );
});

describe('The fuzz', () => {
  it.each(Object.entries(BROKEN_DECODERS))('catches a decoder that %s', async (_, decode) => {
    const { difference } = await fuzzMessages(broken({ decode }), CONTROL);
    expect(difference).toContain('decode');
  });

  it.each(Object.entries(BROKEN_READERS))('catches a reader that %s', async (_, read) => {
    const { difference } = await fuzzMessages(broken({ read }), CONTROL);
    expect(difference).toContain('read');
  });

  it.each(ENCODER_RULES)('catches an encoder that forgets about %s', (rule) => {
    const { difference } = fuzzInstances(broken({ encode: simpleEncoder(rule) }), CONTROL);
    expect(difference).toContain('encode');
  });

  it('has nothing against the same encoder when it forgets nothing', () => {
    const { difference } = fuzzInstances(broken({ encode: simpleEncoder() }), { ...CONTROL, runs: 2_000 });
    expect(difference).toBeUndefined();
  });

  it('catches an encoder that changes what it writes', () => {
    const encode: Subject['encode'] = (message) => {
      const encoded = compiled.encode(message);
      Reflect.deleteProperty(message, 'at');
      return encoded;
    };
    const { difference } = fuzzInstances(broken({ encode }), CONTROL);
    expect(difference).toContain('the instance after');
  });

  it(
    'catches each constraint that a check forgets',
    async () => {
      const lone = shapes.filter(({ cls }) => CONSTRAINTS.has(cls.name.replace('Only', '')));
      const forgetful = broken({ read: readForgettingConstraints });
      const caught = await shapesThatDiffer(forgetful, lone, { ...CONTROL, runs: 2_500 });
      expect(lone).toHaveLength(CONSTRAINTS.size);
      expect(lone.filter((shape) => !caught.has(shape)).map(({ cls }) => cls.name)).toEqual([]);
    },
    LONG_MS,
  );
});
