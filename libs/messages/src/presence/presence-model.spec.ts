import * as fc from 'fast-check';
import { PresenceWorld, type Fate, type Reader } from '../../../../test/rig/presence/presence-world.js';
import { seedOf } from '../../../../test/rig/seed.js';

/** `FUZZ_RUNS` for the long form; `FUZZ_SEED` finds a case again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);
const PARAMETERS: fc.Parameters<[Step[]]> = {
  numRuns: RUNS,
  seed: seedOf('presence model'),
};
const CONTROL = { numRuns: 300, seed: 42, endOnFailure: true };
const SERVERS = ['s', 't'];
const LIMITS = [1, 3, 1_000];

type Step = (world: PresenceWorld) => void | Promise<void>;

const fates = fc.array(fc.constantFrom<Fate>('arrives', 'arrives', 'is late', 'is lost'), {
  minLength: 2,
  maxLength: 2,
});
const server = fc.constantFrom(...SERVERS);
const id = fc.integer({ min: 1, max: 5 }).map(String);
const userId = fc.constantFrom('ada', 'bob', 'cyd', null);
const small = fc.nat(7);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(server, id, userId, small, fates).map(
      (all): Step =>
        (world) =>
          world.join(...all),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(server, id, fates).map(
      (all): Step =>
        (world) =>
          world.leave(...all),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(small, small).map(
      (all): Step =>
        (world) =>
          world.read(...all),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(server, fates).map(
      (all): Step =>
        (world) =>
          world.repair(...all),
    ),
  },
  {
    weight: 2,
    arbitrary: small.map(
      (at): Step =>
        (world) =>
          world.deliver(at),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((world) => world.compare()) },
  {
    weight: 1,
    arbitrary: fc.tuple(small, fc.constantFrom(...LIMITS)).map(
      ([process, limit]): Step =>
        (world) =>
          world.follow(process, limit),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.lose()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.replicate()) },
  { weight: 1, arbitrary: fc.constant<Step>((world) => world.failOver()) },
  {
    weight: 1,
    arbitrary: fc.nat(1_500).map(
      (ms): Step =>
        (world) =>
          world.clock.advance(ms),
    ),
  },
);

const convergence = (takes?: Reader) =>
  fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
    const world = new PresenceWorld(2, takes);
    for (const [at, limit] of LIMITS.entries()) world.follow(at, limit);
    for (const run of steps) await run(world);
    await world.settle(SERVERS);

    const members = world.members();
    expect(members.map((text) => text.split(' ')[0])).toEqual(world.expected());
    for (const view of world.views()) expect(view).toEqual(members);
  });

describe('All readers of presence', () => {
  it('end with the true members, whatever was lost, late, rolled back or read slowly', async () => {
    await fc.assert(convergence(), PARAMETERS);
  });

  it('are seen to differ when one of them misses an event', async () => {
    const { failed } = await fc.check(
      convergence((_event, index) => index !== 1),
      CONTROL,
    );

    expect(failed).toBe(true);
  });
});
