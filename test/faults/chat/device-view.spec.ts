import type { ChatTimeline } from '@nestwire/chat/client';
import { noteRead } from './device-view.mjs';
import { wrongPointers } from './judge-pointers.js';

/** A timeline with a pointer. */
const at = (threadSeq: number | null, lastReadSeq: number) =>
  ({ channelId: 'a', threadSeq, get: () => ({ lastReadSeq }) }) as unknown as ChatTimeline;

const emptyLedger = () => ({ reads: {} as Record<string, number>, asked: {} as Record<string, number> });

describe('The ledger of a device', () => {
  it('has the furthest pointer of each place, and the furthest message that it was to reach', () => {
    const ledger = emptyLedger();
    noteRead(ledger, at(null, 5), 5);
    noteRead(ledger, at(null, 5), 3);
    noteRead(ledger, at(1, 0), 18);
    noteRead(ledger, at(2, 9), 4);

    expect(ledger).toEqual({
      reads: { a: 5, 'a/1': 0, 'a/2': 9 },
      asked: { a: 5, 'a/1': 18, 'a/2': 4 },
    });
  });

  it.each([
    [18, []],
    [10, []],
    [19, ['the pointer of bob in the thread a/1 is 19; known are 0,10, asked 18']],
  ])('lets the pointer of a thread that opened be %d: %j', (pointer, problems) => {
    const ledger = emptyLedger();
    noteRead(ledger, at(1, 0), 18);
    const truth = {
      channel: 'a',
      readSeqOf: () => 0,
      threadPointersOf: () => new Map([[1, pointer]]),
      timeline: (seq: number | null) => [
        seq === null ? { seq: 1, author_id: 'ann' } : { seq: 10, author_id: 'bob' },
      ],
    };

    expect(wrongPointers(truth as never, [{ user: 'bob', ledger }] as never)).toEqual(problems);
  });
});
