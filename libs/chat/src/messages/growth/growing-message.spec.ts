import { jest } from '@jest/globals';
import { create } from '@nestwire/protocol';
import fc from 'fast-check';
import { seedOf } from '../../../../../test/rig/seed.js';
import { ChatGrowth } from '../../wire/growth-events.js';
import type { ChatMessage } from '../chat-message.js';
import { applyGrowth, newerMessage } from './apply-growth.js';
import { GrowingMessage, type GrowthSource } from './growing-message.js';
import { DEFAULT_GROWTH } from './growth.options.js';

interface Piece {
  readonly offset: number;
  readonly text: string;
}

type Answer = 'growing' | 'stopped' | 'lost';

/** A growing message whose database and readers are lists. */
function growing({ maxLength = 10_000, answers = [] as (Answer | Error)[] } = {}) {
  const stored: (string | undefined)[] = [];
  const sent: Piece[] = [];
  const message = new GrowingMessage(
    {
      store: (text) => {
        stored.push(text);
        const answer = answers.shift() ?? 'growing';
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      send: (piece) => void sent.push(piece),
    },
    DEFAULT_GROWTH,
    maxLength,
  );
  return { message, stored, sent };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function* pieces(count: number, everyMs: number): AsyncGenerator<string> {
  for (let at = 0; at < count; at++) {
    await wait(everyMs);
    yield `${at} `;
  }
}

describe('A growing message', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** Runs to the end of the source, with the clock that the test moves. */
  async function runFor(message: GrowingMessage, source: GrowthSource, ms: number) {
    const result = message.run(source);
    await jest.advanceTimersByTimeAsync(ms);
    return result;
  }

  it('is stored once a second and sent every 50 ms, however many pieces come', async () => {
    const { message, stored, sent } = growing();
    const result = await runFor(message, pieces(1_000, 5), 6_000);

    expect(result).toEqual({ state: 'ended' });
    expect(message.text.split(' ')).toHaveLength(1_001);
    expect(stored.length).toBeLessThanOrEqual(5);
    expect(sent.length).toBeGreaterThan(50);
    expect(sent.length).toBeLessThanOrEqual(106);
  });

  it('keeps its lease while its source is silent', async () => {
    const { message, stored } = growing();
    await runFor(message, pieces(1, 10_000), 11_000);

    expect(stored.length).toBeGreaterThanOrEqual(9);
    expect(new Set(stored)).toEqual(new Set([undefined]));
  });

  it('ends at the limit of the text, and closes its source', async () => {
    const { message } = growing({ maxLength: 10 });
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve('abc');
      } finally {
        isClosed = true;
      }
    }

    expect(await runFor(message, endless(), 1_000)).toEqual({ state: 'ended' });
    expect(message.text).toBe('abcabcabca');
    expect(isClosed).toBe(true);
  });

  it('ends as failed with the error of its source', async () => {
    const { message } = growing();
    async function* failing() {
      yield await Promise.resolve('so far');
      throw new Error('no more');
    }

    expect(await runFor(message, failing(), 1_000)).toMatchObject({
      state: 'failed',
      error: Error('no more'),
    });
    expect(message.text).toBe('so far');
  });

  it('stops at once, also while its source waits, and tells the source', async () => {
    const { message } = growing();
    let signal: AbortSignal | undefined;
    const result = message.run((given) => {
      signal = given;
      return pieces(1, 1_000_000);
    });
    await jest.advanceTimersByTimeAsync(100);
    message.stop();

    expect(await result).toEqual({ state: 'stopped' });
    expect(signal?.aborted).toBe(true);
    expect(jest.getTimerCount()).toBe(1); // the wait of the source
  });

  it.each(['stopped', 'lost'] as const)('ends as %s when the database says so', async (answer) => {
    const { message, stored } = growing({ answers: ['growing', answer] });

    expect(await runFor(message, pieces(1_000, 100), 5_000)).toEqual({ state: answer });
    expect(stored).toHaveLength(2);
  });

  it('goes on when the database fails for a while', async () => {
    const { message, stored, sent } = growing({ answers: [new Error('down'), new Error('down')] });

    expect(await runFor(message, pieces(40, 100), 5_000)).toEqual({ state: 'ended' });
    expect(stored.map((text) => text?.length)).toEqual([18, 47, 77, 107]);
    expect([...new Set(sent.map(({ offset }) => offset))]).toEqual([0, 77]);
  });

  it('reaches each reader as a whole, whatever pieces the reader misses', async () => {
    const piece = fc.record({
      text: fc.string({ minLength: 1, maxLength: 8 }),
      ms: fc.integer({ min: 50, max: 400 }),
    });
    const given = fc.array(piece, { minLength: 15, maxLength: 25 });
    const losses = fc.array(fc.boolean(), { minLength: 30, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(given, losses, async (parts, isLost) => {
        let stored = stateOf('', 1);
        let shown = stored;
        const differences: unknown[] = [];
        const receive = (part: Piece) => {
          if (isLost.push(isLost.shift()!) && isLost[0]) return;
          const growth = create(ChatGrowth, { channelId: 'c', seq: 1, ...part });
          // If a piece is missing, the page has it: each piece follows a text that is stored.
          const next = applyGrowth(shown, growth) ?? applyGrowth(newerMessage(shown, stored), growth);
          if (next?.text !== message.text) differences.push([next?.text, message.text]);
          shown = next ?? shown;
        };
        const store = async (text: string | undefined): Promise<Answer> => {
          await wait(300);
          if (text !== undefined) stored = stateOf(text, stored.revision + 1);
          return 'growing';
        };
        const message = new GrowingMessage({ store, send: receive }, DEFAULT_GROWTH, 10_000);
        await runFor(message, withPauses(parts), 11_000);
        expect(differences).toEqual([]);
      }),
      { numRuns: 50, seed: seedOf('growing message') },
    );
  });
});

async function* withPauses(parts: readonly { readonly text: string; readonly ms: number }[]) {
  for (const { text, ms } of parts) {
    await wait(ms);
    yield text;
  }
}

function stateOf(text: string, revision: number): ChatMessage {
  return {
    seq: 1,
    revision,
    text,
    growth: { isGrowing: true, isStopped: false, isFailed: false },
  } as ChatMessage;
}
