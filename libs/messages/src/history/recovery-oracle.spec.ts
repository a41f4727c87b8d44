import * as fc from 'fast-check';
import {
  aReading,
  goesOnFrom,
  someBranches,
  headOf,
  type ReadingCase,
} from '../../../../test/rig/delivery/branches.arbitrary.js';
import { BROKEN_RULES, RULES, type DeliveryRules } from '../../../../test/rig/delivery/rules.js';
import { seedOf } from '../../../../test/rig/seed.js';

/** `FUZZ_RUNS` for the long form; `FUZZ_SEED` finds a case again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 8_000);
const PARAMETERS = {
  numRuns: RUNS,
  seed: seedOf('recovery oracle'),
};
const CONTROL = { numRuns: 20_000, seed: 42, endOnFailure: true };

/** The verdict of the oracle: nothing is missing up to the head, and the position is on the timeline. */
function isContinued({ own, read, page }: ReadingCase): boolean {
  const missing = read.messages.slice(own.messages.length);
  return (
    goesOnFrom(read, own) &&
    (page.isCut
      ? page.messages.length > 0 && missing.length >= page.messages.length
      : missing.length === page.messages.length) &&
    page.messages.every((message, at) => missing[at] === message)
  );
}

const recovery = ({ gapBehind }: DeliveryRules) =>
  fc.property(aReading, (reading) => {
    expect(gapBehind(reading.since, reading.page) === undefined).toBe(isContinued(reading));
  });

const verdict = ({ classifyLive }: DeliveryRules) =>
  fc.property(someBranches, fc.nat(), fc.nat(), (branches, ownIndex, otherIndex) => {
    const own = branches[ownIndex % branches.length]!;
    const other = branches[otherIndex % branches.length]!;
    const message = other.messages.at(-1);
    if (!message) return;
    const said = classifyLive(headOf(own), message);
    const isNext = goesOnFrom(other, own) && other.messages.length === own.messages.length + 1;

    expect(said === 'next').toBe(isNext);
    if (goesOnFrom(own, other)) expect(said).toBe('duplicate');
    if (said === 'duplicate') expect(message.offset).toBeLessThanOrEqual(own.messages.length);
    if (said === 'duplicate' && message.offset === own.messages.length)
      expect(message).toEqual(own.messages.at(-1));
  });

const sameness = ({ isSamePosition }: DeliveryRules) =>
  fc.property(someBranches, fc.nat(), fc.nat(), (branches, ownIndex, otherIndex) => {
    const own = branches[ownIndex % branches.length]!;
    const other = branches[otherIndex % branches.length]!;
    const isSame = goesOnFrom(own, other) && goesOnFrom(other, own);

    expect(isSamePosition(headOf(own), headOf(other))).toBe(isSame);
  });

describe('A recovery', () => {
  it('continues a position if it is on the branch that was read and nothing up to the top is missing', () => {
    fc.assert(recovery(RULES), PARAMETERS);
  });

  it.each([
    'a recovery skips the chain',
    'a recovery without messages ignores the id of the top',
    'a position is its epoch and offset only',
  ])('is caught when %s', (what) => {
    expect(fc.check(recovery(BROKEN_RULES[what]!), CONTROL).failed).toBe(true);
  });

  it('says why it does not continue one, as far as it can tell', () => {
    fc.assert(
      fc.property(aReading, ({ own, read, since, page, isWhole }) => {
        const gap = RULES.gapBehind(since, page);
        const isOfBranch = goesOnFrom(read, own);
        expect(gap === 'epoch-changed').toBe(own.beginning.epoch !== read.beginning.epoch);
        if (!isWhole) return;
        if (gap === 'diverged') expect(isOfBranch).toBe(false);
        if (gap === 'trimmed') expect(page.messages[0]?.offset).not.toBe(since.offset + 1);
      }),
      PARAMETERS,
    );
  });
});

describe('A live message', () => {
  it('is next if it alone was stored behind the position, and a duplicate if it is in its past', () => {
    fc.assert(verdict(RULES), PARAMETERS);
  });

  it.each(['live messages skip the check of their predecessor', 'a position is its epoch and offset only'])(
    'is caught when %s',
    (what) => {
      expect(fc.check(verdict(BROKEN_RULES[what]!), CONTROL).failed).toBe(true);
    },
  );
});

describe('Two positions', () => {
  it('are the same if they have the same past', () => {
    fc.assert(sameness(RULES), PARAMETERS);
  });

  it.each(['a position check ignores the id', 'nobody checks positions'])('are caught when %s', (what) => {
    expect(fc.check(sameness(BROKEN_RULES[what]!), CONTROL).failed).toBe(true);
  });
});
