import * as fc from 'fast-check';
import { SYSTEM_CLOCK } from '@nestwire/messages/internal';
import { CodedError, create, StreamMessage, type Message, type WireError } from '@nestwire/protocol';
import { JsonCodec, type CallFrame, type ClientFrame, type FramePayload } from '@nestwire/protocol/codec';
import { IsInt } from 'class-validator';
import { Subject } from 'rxjs';
import { MessageFrames } from '../connection/outbound/message-frames.js';
import type { MethodCall } from '../endpoint/endpoint.js';
import { isRefusal } from '../validation/refusal.js';
import type { SessionRuntime } from '../session/session-runtime.js';
import { DEFAULT_LIMITS } from '../streams-limits.js';
import { seedOf } from '../../../../test/rig/seed.js';
import type { CallItems } from './call-items.js';
import type { CallPort, CallWire } from './call-port.js';
import { CallRuntime } from './call-runtime.js';
import type { ItemCredit } from './received-items.js';
import type { StreamCall } from './stream-call.js';

fc.configureGlobal({ seed: seedOf('call-runtime') });

@StreamMessage('call-runtime.note')
class Note {
  declare readonly $type: 'call-runtime.note';
  @IsInt() n!: number;
}

const note = (n: number): Note => create(Note, { n });
const WINDOW = 3;
/** Two items fit, three do not. */
const WINDOW_BYTES = 200;
const limits = { ...DEFAULT_LIMITS, callWindow: WINDOW, callWindowBytes: WINDOW_BYTES, maxObservedItems: 5 };

type Frame = Record<string, unknown>;

/** A connection that records what is written. */
class RecordingPort implements CallPort {
  readonly limits = limits;
  readonly clock = SYSTEM_CLOCK;
  readonly frames: Frame[] = [];
  /** The sizes of the items. */
  readonly sizes: number[] = [];
  readonly codec = new JsonCodec();
  held = 0;
  finishes = 0;
  releases = 0;
  isFull = false;
  credited = 0;
  private waiting: Array<() => void> = [];
  readonly wire: CallWire;

  constructor() {
    const frames = new MessageFrames(this.codec);
    const isAbove = (): boolean => this.isFull;
    this.wire = {
      subprotocol: this.codec.subprotocol,
      get isAboveSoftBound() {
        return isAbove();
      },
      whenBelowSoftBound: () =>
        this.isFull ? new Promise<void>((resolve) => this.waiting.push(resolve)) : Promise.resolve(),
      itemFrame: (call, n, item) => frames.itemOf(call, n, item),
      replyFrame: (call, reply) => frames.replyOf(call, reply),
      storedReplyFrame: (call) => frames.replyOf(call, undefined),
      storedItemFrame: (call, n, item) => this.codec.encodeItem(call, n, item),
      endFrame: (call) => this.codec.encodeFrame({ t: 'end', call }),
      push: (frame) => {
        const read = JSON.parse(frame as string) as Frame;
        this.frames.push(read);
        if (read.t === 'item') this.sizes.push(frame.length);
      },
    };
  }

  drain(): void {
    this.isFull = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  decode(payload: FramePayload): ClientFrame {
    return this.codec.decodeClientFrame(payload as string) as ClientFrame;
  }

  hold(bytes: number): boolean {
    this.held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.held -= bytes;
  }

  beginWork(): void {}
  endWork(): void {}
  measuredMs(): number {
    return 0;
  }

  credit(_call: unknown, { consumed }: ItemCredit): void {
    this.credited = consumed;
  }

  failed(_call: unknown, error: unknown): WireError {
    const code = error instanceof CodedError ? error.code : 'INTERNAL';
    this.frames.push({ t: 'error', code, isRefusal: isRefusal(error) });
    return { code, message: '' };
  }

  finished(): void {
    this.finishes++;
  }

  released(): void {
    // It includes the end for the client, if that was not reported before.
    if (!this.finishes) this.finishes++;
    this.releases++;
  }
}

/** A method that a test drives: it yields, replies, throws and reads when told. */
class DrivenMethod {
  pulls = 0;
  returns = 0;
  readonly read: unknown[] = [];
  private readonly results: Array<{
    resolve: (result: IteratorResult<Message>) => void;
    reject: (error: unknown) => void;
  }> = [];
  private settle: ((value: unknown) => void) | undefined;
  private refuse: ((error: unknown) => void) | undefined;
  isWaiting = true;
  readonly observed = new Subject<Note>();
  private reader: AsyncIterator<Note> | undefined;

  constructor(readonly kind: 'reply' | 'items' | 'observable') {}

  call = ({ items }: MethodCall): unknown => {
    this.reader = (items as CallItems<Note> | undefined)?.[Symbol.asyncIterator]();
    return new Promise((resolve, reject) => {
      this.settle = resolve;
      this.refuse = reject;
    });
  };

  begin(): void {
    if (!this.settle) return;
    this.isWaiting = false;
    this.settle?.(this.kind === 'reply' ? note(0) : this.kind === 'items' ? this.iterable() : this.observed);
  }

  throw(): void {
    if (!this.settle) return;
    this.isWaiting = false;
    this.refuse?.(new CodedError('SOLD_OUT', 'none'));
  }

  yield(n: number): void {
    this.observed.next(note(n));
    this.results.shift()?.resolve({ done: false, value: note(n) });
  }

  complete(): void {
    this.observed.complete();
    this.results.shift()?.resolve({ done: true, value: undefined });
  }

  failItem(): void {
    this.observed.error(new CodedError('SOLD_OUT', 'none'));
    this.results.shift()?.reject(new CodedError('SOLD_OUT', 'none'));
  }

  take(): void {
    this.reader?.next().then(
      ({ value, done }) => this.read.push(done ? 'end' : (value as Note).n),
      (error: CodedError) => this.read.push(error.code),
    );
  }

  private iterable(): AsyncIterable<Message> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          this.pulls++;
          return new Promise((resolve, reject) => this.results.push({ resolve, reject }));
        },
        return: () => {
          this.returns++;
          // A generator settles its pending `next` with its end.
          for (const { resolve } of this.results.splice(0)) resolve({ done: true, value: undefined });
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
  }
}

const steps = fc.constantFrom(
  ...([
    'start',
    'begin',
    'throw',
    'yield',
    'yield',
    'yield',
    'complete',
    'failItem',
    'item',
    'item',
    'take',
  ] as const),
  ...([
    'endItems',
    'failItems',
    'credit',
    'credit',
    'excess',
    'cancel',
    'end',
    'detach',
    'fill',
    'drain',
  ] as const),
);

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One call with everything that it touches. */
function world(kind: DrivenMethod['kind'], takesItems: boolean) {
  const method = new DrivenMethod(kind);
  const port = new RecordingPort();
  const calls: StreamCall[] = [];
  const handlers = {
    call: (made: MethodCall) => {
      calls.push(made.call as StreamCall);
      return method.call(made);
    },
    readItem: (_method: string, _type: string, { n }: { n: number }) => note(n),
  };
  const session = {
    session: { id: 's', stream: 'chat', endpoint: 'chat' },
    handlers,
  } as unknown as SessionRuntime;
  const frame: CallFrame = {
    ...{ t: 'call', id: 7, stream: 'chat', method: 'm', type: 'call-runtime.note', data: { n: 0 } },
    ...{ window: WINDOW, items: takesItems },
  };
  const facts = { takesItems, isOnce: false, resumable: undefined };
  const payload = JSON.stringify(frame);
  port.hold(payload.length);
  const runtime = new CallRuntime({ frame, payload, session, facts, results: undefined }, port);
  return { method, port, runtime, calls };
}

describe('A call under any order of events', () => {
  it('has one end, nothing after it, and at most its windows in flight', async () => {
    const setups = fc.record({
      kind: fc.constantFrom('reply', 'items', 'observable'),
      takesItems: fc.boolean(),
      run: fc.array(steps, { maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(setups, async ({ kind, takesItems, run }) => {
        const { method, port, runtime } = world(kind, takesItems);
        let [yielded, consumed, sentItems] = [0, 0, 0];
        let isEnded = false;
        const items = () => port.frames.filter(({ t }) => t === 'item');
        for (const step of run) {
          const before = port.frames.length;
          if (step === 'start') runtime.start();
          else if (step === 'begin' || step === 'throw') method[step]();
          else if (step === 'yield') method.yield(++yielded);
          else if (step === 'complete' || step === 'failItem') method[step]();
          else if (step === 'take') method.take();
          else if (step === 'item') {
            if (sentItems - port.credited < WINDOW) {
              const item = {
                t: 'item',
                call: 7,
                type: 'call-runtime.note',
                data: { n: ++sentItems },
              } as const;
              runtime.receive(item, JSON.stringify(item));
            }
          } else if (step === 'endItems') runtime.receiveEnd({ t: 'end', call: 7 });
          else if (step === 'failItems')
            runtime.receiveEnd({ t: 'end', call: 7, error: { code: 'READ_FAILED', message: '' } });
          else if (step === 'credit') {
            consumed = Math.min(items().length, consumed + 1);
            runtime.receiveCredit(consumed);
          } else if (step === 'excess') runtime.receiveCredit(items().length + 1);
          else if (step === 'cancel' || step === 'detach') runtime[step]();
          else if (step === 'end') runtime.end(new CodedError('SESSION_CLOSED', 'x'));
          else if (step === 'fill') port.isFull = true;
          else port.drain();
          await tick();
          const inFlight = port.sizes.slice(consumed);
          expect(inFlight.length).toBeLessThanOrEqual(WINDOW);
          if (inFlight.length > 1)
            expect(inFlight.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(WINDOW_BYTES);
          if (isEnded) expect(port.frames.length).toBe(before);
          isEnded = port.finishes > 0;
        }
        port.drain();
        runtime.cancel();
        if (method.isWaiting) method.begin();
        await tick();

        const ends = port.frames.filter(({ t }) => t === 'reply' || t === 'end' || t === 'error');
        expect(ends).toHaveLength(1);
        expect(port.frames.at(-1)).toBe(ends[0]);
        expect(items().map(({ n }) => n)).toEqual(items().map((_, at) => at + 1));
        const values = items().map(({ data }) => (data as { n: number }).n);
        expect(values).toEqual(values.toSorted((a, b) => a - b));
        expect([port.finishes, port.releases, port.held]).toEqual([1, 1, 0]);
        expect(method.returns).toBeLessThanOrEqual(1);
        const read = method.read.filter((value) => typeof value === 'number');
        expect(read).toEqual(read.map((_, at) => at + 1));
      }),
      { numRuns: 500 },
    );
  });

  it('pulls a generator no further than the window, and returns it once', async () => {
    const { method, port, runtime } = world('items', false);
    runtime.start();
    method.begin();
    for (let n = 1; n <= 10; n++) {
      await tick();
      method.yield(n);
    }
    await tick();

    // The third item waits for room.
    expect(method.pulls).toBe(WINDOW);
    expect(port.frames).toHaveLength(WINDOW - 1);
    runtime.cancel();
    runtime.cancel();
    await tick();
    expect(method.returns).toBe(1);
    await runtime.whenReleased;
  });

  it('pulls no generator above the soft bound of the connection', async () => {
    const { method, port, runtime } = world('items', false);
    port.isFull = true;
    runtime.start();
    method.begin();
    await tick();

    expect(method.pulls).toBe(0);
    port.drain();
    await tick();
    expect(method.pulls).toBe(1);
  });
});
