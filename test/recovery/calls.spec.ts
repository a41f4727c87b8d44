import { ClientCall } from '../../libs/client/src/calls/client-call.js';
import { Pending } from '../../libs/client/src/connection/pending.js';
import { CallReader } from '../../libs/streams/src/calls/call-reader.js';
import { OutboundWindow } from '../../libs/streams/src/calls/outbound-window.js';
import { ProducedCall } from '../../libs/streams/src/calls/produced-call.js';
import { ResumableCalls } from '../../libs/streams/src/calls/resumable-calls.js';
import { someCallSteps } from '../rig/calls/call-steps.js';
import { CallWorld, type CallFlaws } from '../rig/calls/call-world.js';
import { exploreWorld } from '../rig/recovery/explore.js';
import { seedOf } from '../rig/seed.js';

/** `FUZZ_RUNS=100000` for the long form, from a new seed; `FUZZ_SEED` finds a run again. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1_000);
const STEPS = 16;
const DEADLINE_MS = 60_000 + RUNS * 300;
const CONTROL_MS = 120_000;
/** The controls have seeds of their own, so that each is caught every time. */
const CONTROL = { runs: 400, shrinkMs: 0 };
const CONTROL_SEED = 42;
/** The seeds that show some faults within ten runs, where the common seed needs up to a hundred. */
const SHOWN_SOON_BY: Readonly<Record<string, number>> = {
  'the client sends more than it has credit for': 4,
  'the server does not know the deadline': 2,
  'the store says of a stored call that it is new': 2,
  'the store hides the items of a call': 2,
  'a dead server counts as alive for long': 2,
  'the producer does not wait for readers': 3,
};

describe('Calls of stream methods', () => {
  it(
    'keep their promises, whatever happens to connections, readers and servers',
    async () => {
      const { report, seen } = await exploreWorld(() => CallWorld.start(), someCallSteps(STEPS), {
        runs: RUNS,
        seed: seedOf('calls'),
      });

      expect(report).toBe('');
      for (const shape of ['reply', 'once', 'watch', 'upload', 'echo', 'generate'])
        for (const end of ['end', 'DEADLINE_EXCEEDED']) expect(seen).toHaveProperty([`${shape} ${end}`]);
      for (const end of ['watch CALL_LOST', 'upload UNCERTAIN', 'echo UNCERTAIN'])
        expect(seen).toHaveProperty([end]);
      for (const end of ['CALL_LOST', 'CALL_TAKEN_OVER', 'CALL_UNKNOWN', 'CANCELLED', 'UNAVAILABLE'])
        expect(seen).toHaveProperty([`generate ${end}`]);
    },
    DEADLINE_MS,
  );
});

const DYING = ['generate', 'resumeIt', 'move', 'kill', 'wait'];

/** The steps that show the rarer faults soon. */
const SHOWN_BY: Readonly<Record<string, readonly string[]>> = {
  'the client does not say that it has left a call': ['watch', 'leave', 'slow', 'goOn', 'wait'],
  'the store hides the items of a call': DYING,
  'a dead server counts as alive for long': DYING,
  'a cancellation by id has no effect': ['generate', 'resumeIt', 'cancelIt', 'slow', 'wait'],
  'the client has no deadline': ['generate', 'watch', 'offline', 'wait'],
};

/** The rules with the faults that break them. */
const FLAWS: ReadonlyArray<readonly [rule: RegExp, what: string, flaws: CallFlaws]> = [
  [
    /: generate .* got 1,3/,
    'the client takes an item for the next one',
    {
      takes: (frame) =>
        frame.t === 'item' && frame.n === 2 ? { ...frame, data: { ...frame.data, number: 3 } } : frame,
    },
  ],
  [
    /ended with CALL_LOST/,
    'the client loses an item',
    { takes: (frame) => (frame.t === 'item' && frame.n === 3 ? undefined : frame) },
  ],
  [/has 0 ends/, 'the client loses replies', { takes: (frame) => (frame.t === 'reply' ? undefined : frame) }],
  [
    /is not whole/,
    'the client takes an item for the end',
    {
      takes: (frame) => (frame.t === 'item' && frame.n === 3 ? { t: 'end', call: frame.call } : frame),
    },
  ],
  [
    /got the reply of/,
    'the client takes the reply of another call',
    {
      takes: (frame) =>
        frame.t === 'reply' && frame.data ? { ...frame, data: { ...frame.data, name: 'other' } } : frame,
    },
  ],
  [
    /took items out of order/,
    'the client sends an item for the next one',
    {
      sends: (frame) =>
        frame.t === 'item' && frame.data.number === 2
          ? { ...frame, data: { ...frame.data, number: 3 } }
          : frame,
    },
  ],
  [
    /items in flight to the server/,
    'the client sends more than it has credit for',
    {
      takes: (frame) => (frame.t === 'credit' ? { ...frame, consumed: frame.consumed + 1 } : frame),
    },
  ],
  [
    /the client consumes more than it got/,
    'the client gives more credit than it has consumed',
    {
      sends: (frame) => (frame.t === 'credit' ? { ...frame, consumed: frame.consumed + 1 } : frame),
    },
  ],
  [
    /has 0 ends/,
    'the client gives no credit',
    { sends: (frame) => (frame.t === 'credit' ? undefined : frame) },
  ],
  [
    /is not cancelled on the server/,
    'the client loses its cancellations',
    { sends: (frame) => (frame.t === 'cancel' ? undefined : frame) },
  ],
  [
    /still runs: its finally ran 0 times/,
    'the client does not say that it has left a call',
    { sends: (frame) => (frame.t === 'detach' ? undefined : frame) },
  ],
  [
    /ran twice on a server/,
    'the client repeats a call without saying so',
    { sends: (frame) => (frame.t === 'call' ? { ...frame, redelivered: undefined } : frame) },
  ],
  [
    /produced after its deadline/,
    'the server does not know the deadline',
    {
      sends: (frame) =>
        frame.t === 'cancel' ? undefined : frame.t === 'call' ? { ...frame, timeoutMs: undefined } : frame,
    },
  ],
  [/ran twice/, 'the store says of a stored call that it is new', { store: { create: () => true } }],
  [/got \d+ of \d+ stored items/, 'an item is delivered and not stored', { store: { append: () => [] } }],
  [
    /lost \d+ stored items/,
    'the store hides the items of a call',
    { store: { read: ({ state }) => ({ state, items: [] }) } },
  ],
  [
    /learned of the death after/,
    'a dead server counts as alive for long',
    { store: { leaseMs: () => 12_000 } },
  ],
  [
    /ended with CALL_TAKEN_OVER/,
    'the store forgets the reader',
    { store: { change: (change) => ({ ...change, reader: undefined }) } },
  ],
  [
    /stored calls are left/,
    'the store keeps calls too long',
    {
      store: { change: (change) => (change.ttlMs ? { ...change, ttlMs: change.ttlMs * 10 } : change) },
    },
  ],
];

/** The rules with the methods without which they break, and what takes their place. */
const BROKEN: ReadonlyArray<
  readonly [rule: RegExp, what: string, prototype: object, method: string, broken: Broken]
> = [
  [/has 0 ends/, 'the client does not hear of lost connections', ClientCall.prototype, 'lost', nothing],
  [/ended after its deadline/, 'the client has no deadline', Pending.prototype, 'limit', nothing],
  [
    /the server sends end after the end/,
    'the server ends a call twice',
    CallReader.prototype,
    'finish',
    (original) =>
      function (this: { port: { wire: Wire }; id: number }, ...args) {
        this.port.wire.push(this.port.wire.endFrame(this.id));
        return original.apply(this, args);
      },
  ],
  [/items in flight to the client/, 'the server has no window', OutboundWindow.prototype, 'add', countOnly],
  [
    /items ahead of its readers/,
    'the producer does not wait for readers',
    ProducedCall.prototype,
    'hasRoom',
    () =>
      async function (this: { state: string }) {
        return this.state === 'streaming';
      },
  ],
  [/timers of a server are left/, 'a timer is not stopped', ProducedCall.prototype, 'limit', timer],
  [/produced are left/, 'a call is not released', ResumableCalls.prototype, 'released', nothing],
  [/shares are left/, 'a share is not freed', ResumableCalls.prototype, 'freeShare', nothing],
  [/readers are left/, 'a reader is not removed', ResumableCalls.prototype, 'removeReader', nothing],
  [
    /runs on after it was cancelled by its id/,
    'a cancellation by id has no effect',
    ResumableCalls.prototype,
    'cancel',
    () => () => Promise.resolve(),
  ],
  [
    /has items of another user/,
    'a call is found without its user',
    ResumableCalls.prototype,
    'keyOf',
    (original) =>
      function (this: unknown, name) {
        return original.call(this, { ...(name as object), holder: '' });
      },
  ],
];

function exploreBroken(what: string, start: () => Promise<CallWorld>) {
  const seed = SHOWN_SOON_BY[what] ?? CONTROL_SEED;
  return exploreWorld(start, someCallSteps(STEPS, SHOWN_BY[what]), { ...CONTROL, seed });
}

interface Wire {
  push(frame: unknown): void;
  endFrame(id: number): unknown;
}

type Method = (this: never, ...args: unknown[]) => unknown;
type Broken = (original: (this: unknown, ...args: unknown[]) => unknown) => Method;

function nothing(): Method {
  return () => undefined;
}

/** Counts an item as consumed at once. */
function countOnly(): Method {
  return function (this: { sent: number }) {
    this.sent++;
  };
}

function timer(): Method {
  return function (this: { env: { clock: { after(ms: number, run: () => void): void } } }) {
    this.env.clock.after(1e12, () => undefined);
  };
}

describe('A broken promise', () => {
  it.each(FLAWS)(
    'is found by %s when %s',
    async (only, what, flaws) => {
      const start = () => CallWorld.start({ ...flaws, only });
      const { isGood } = await exploreBroken(what, start);
      expect(isGood).toBe(false);
    },
    CONTROL_MS,
  );

  it.each(BROKEN)(
    'is found by %s when %s',
    async (only, what, prototype, method, broken) => {
      const methods = prototype as Record<string, Method>;
      const original = methods[method]!;
      methods[method] = broken(original as never);
      try {
        const start = () => CallWorld.start({ only });
        const { isGood } = await exploreBroken(what, start);
        expect(isGood).toBe(false);
      } finally {
        methods[method] = original;
      }
    },
    CONTROL_MS,
  );
});
