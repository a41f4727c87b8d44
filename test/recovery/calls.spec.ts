import { ClientCall } from '../../libs/client/src/calls/client-call.js';
import { CallItems } from '../../libs/client/src/calls/call-items.js';
import type { CallFlaws } from '../rig/calls/call-client.js';
import { someCallSteps } from '../rig/calls/call-steps.js';
import { CallWorld } from '../rig/calls/call-world.js';
import { exploreWorld } from '../rig/recovery/explore.js';
import { seedOf } from '../rig/seed.js';

/** `FUZZ_RUNS=100000` for the long form, from a new seed; `FUZZ_SEED` finds a run again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1_000);
const STEPS = 18;
const DEADLINE_MS = 60_000 + RUNS * 300;
const CONTROL_MS = 120_000;
/** The controls have a seed of their own, so that each is caught every time. */
const CONTROL = { runs: 400, seed: 42, shrinkMs: 0 };

describe('Calls of stream methods', () => {
  it(
    'keep their promises, whatever happens to connections and readers',
    async () => {
      const { report, seen } = await exploreWorld(() => CallWorld.start(), someCallSteps(STEPS), {
        runs: RUNS,
        seed: seedOf('calls'),
      });

      expect(report).toBe('');
      for (const end of ['reply end', 'watch end', 'upload end', 'echo end', 'generate end'])
        expect(seen).toHaveProperty([end]);
      for (const end of ['watch CALL_LOST', 'upload UNCERTAIN', 'echo CALL_LOST'])
        expect(seen).toHaveProperty([end]);
    },
    DEADLINE_MS,
  );
});

const FLAWS: Readonly<Record<string, CallFlaws>> = {
  'the client repeats a call without saying so': {
    sends: (frame) => (frame.t === 'call' ? { ...frame, redelivered: undefined } : frame),
  },
  'the client gives no credit': { sends: (frame) => (frame.t === 'credit' ? undefined : frame) },
  'the client loses its cancellations': { sends: (frame) => (frame.t === 'cancel' ? undefined : frame) },
  'the client does not say that it has left a call': {
    sends: (frame) => (frame.t === 'detach' ? undefined : frame),
  },
  'the client gives more credit than it has consumed': {
    sends: (frame) => (frame.t === 'credit' ? { ...frame, consumed: frame.consumed + 1 } : frame),
  },
  'the client loses an item': {
    takes: (frame) => (frame.t === 'item' && frame.n === 3 ? undefined : frame),
  },
  'the client loses replies': { takes: (frame) => (frame.t === 'reply' ? undefined : frame) },
  'the client takes an item for the next one': {
    takes: (frame) =>
      frame.t === 'item' && frame.n === 2 ? { ...frame, data: { ...frame.data, number: 3 } } : frame,
  },
};

type Patched = Record<string, (...args: never[]) => unknown>;

const BROKEN: ReadonlyArray<readonly [what: string, prototype: object, method: string]> = [
  ['the client does not hear of lost connections', ClientCall.prototype, 'lost'],
  ['the client ignores the credits of the server', CallItems.prototype, 'consumed'],
];

describe('A broken promise', () => {
  it.each(Object.entries(FLAWS))(
    'is found when %s',
    async (_what, flaws) => {
      const { isGood } = await exploreWorld(() => CallWorld.start(flaws), someCallSteps(STEPS), CONTROL);
      expect(isGood).toBe(false);
    },
    CONTROL_MS,
  );

  it.each(BROKEN)(
    'is found when %s',
    async (_what, prototype, method) => {
      const methods = prototype as Patched;
      const original = methods[method]!;
      methods[method] = () => undefined;
      try {
        const { isGood } = await exploreWorld(() => CallWorld.start(), someCallSteps(STEPS), CONTROL);
        expect(isGood).toBe(false);
      } finally {
        methods[method] = original;
      }
    },
    CONTROL_MS,
  );
});
