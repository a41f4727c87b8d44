import { FakeClock } from '@nestwire/testing';
import { ChannelPositions } from '../../libs/client/src/endpoint/channel-positions.js';
import { RecoverableSubscription } from '../../libs/streams/src/subscriptions/recoverable-subscription.js';
import { explore } from '../rig/recovery/explore.js';
import { LocalStore } from '../rig/recovery/local.store.js';
import type { Flaws, WorldOptions } from '../rig/recovery/world.js';
import { seedOf } from '../rig/seed.js';

/** `FUZZ_RUNS=20000` for the long form, from a new seed; `FUZZ_SEED` finds a run again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1_000);
const SEED = { seed: seedOf('recovery') };
const DEADLINE_MS = 60_000 + RUNS * 300;
const STEPS = 60;
/** The slowest control takes some seconds; on a busy machine that is a minute. */
const CONTROL_MS = 240_000;
/** The options of a broken world: an own seed, so that it is caught each time. */
const CONTROL = { runs: 400, steps: STEPS, seed: 42, shrinkMs: 0 };

function inMemory(flaws: Flaws = {}): WorldOptions {
  const clock = new FakeClock();
  return { clock, store: new LocalStore(clock), flaws };
}

describe('Clients and servers', () => {
  it(
    'keep the promises of channels, whatever happens to connections and histories',
    async () => {
      const { report, seen } = await explore(() => inMemory(), { runs: RUNS, steps: STEPS, ...SEED });

      expect(report).toBe('');
      // The exploration contains each kind of beginning.
      for (const what of ['message', 'first', 'snapshot', 'trimmed', 'diverged', 'epoch-changed'])
        expect(seen).toHaveProperty(what);
    },
    DEADLINE_MS,
  );
});

const LYING: Readonly<Record<string, Flaws>> = {
  'a history says that each page continues what was asked for': {
    page: ({ head, messages, isCut }, start) => {
      if (!('since' in start)) return { head, messages, isCut };
      const { since } = start;
      if (messages.length === 0) return { head: since, messages, isCut };
      const chained = messages.map((message, at) => ({
        ...message,
        offset: since.offset + 1 + at,
        previousId: messages[at - 1]?.id ?? since.id,
      }));
      return { head: { ...head, offset: since.offset + messages.length }, messages: chained, isCut };
    },
  },
  'a history leaves the last message out of its pages': {
    page: ({ head, messages, isCut }) => {
      const before = messages.at(-2);
      return before ? { head: before, messages: messages.slice(0, -1), isCut } : { head, messages, isCut };
    },
    heads: () => {
      throw new Error('Nobody checks.');
    },
  },
  'a history cuts pages without saying so': {
    page: ({ head, messages }) =>
      messages.length > 2
        ? { head: messages[1]!, messages: messages.slice(0, 2), isCut: false }
        : { head, messages, isCut: false },
    heads: () => {
      throw new Error('Nobody checks.');
    },
  },
  'nobody can compare positions': {
    heads: () => {
      throw new Error('Nobody checks.');
    },
  },
  'a history stores what it was given under other ids': {
    drafts: (drafts) => drafts.map((draft) => ({ ...draft, id: `${draft.id}.${Math.random()}` })),
  },
  'a history refuses what it has stored': { refusesWhatItStored: true },
  'clients forget their positions': {
    sends: (frame) => ('resume' in frame ? { ...frame, resume: undefined } : frame),
  },
  'clients take snapshots of the server that they leave': {
    takes: (frame) => (frame.t === 'message' ? { ...frame, channel: undefined } : frame),
  },
};

type Patched = Record<string, (...args: never[]) => unknown>;

const BROKEN: ReadonlyArray<readonly [what: string, prototype: object, method: string, broken: unknown]> = [
  ['clients take what they have had', ChannelPositions.prototype, 'advance', () => true],
  ['who reads slowly is forgotten', RecoverableSubscription.prototype, 'fallBehind', () => undefined],
  [
    'a snapshot is not sent',
    RecoverableSubscription.prototype,
    'sendSnapshot',
    function (this: { positionFields: Patched['x'] }, catchUp: never, session: never) {
      const { from, sink } = catchUp as { from: never; sink: { send: (frame: object) => void } };
      sink.send({ t: 'position', ...(this.positionFields(session, from) as object) });
    },
  ],
];

describe('A promise that is not kept', () => {
  it.each(Object.entries(LYING))(
    'is found out when %s',
    async (_what, flaws) => {
      const { isGood } = await explore(() => inMemory(flaws), CONTROL);

      expect(isGood).toBe(false);
    },
    CONTROL_MS,
  );

  it.each(BROKEN)(
    'is found out when %s',
    async (_what, prototype, method, broken) => {
      const methods = prototype as Patched;
      const original = methods[method]!;
      methods[method] = broken as Patched['x'];
      try {
        const { isGood } = await explore(() => inMemory(), CONTROL);
        expect(isGood).toBe(false);
      } finally {
        methods[method] = original;
      }
    },
    CONTROL_MS,
  );
});
