import type { ChatTimeline } from '@nestwire/chat/client';
import { noteRead } from './device-view.mjs';

/** A timeline with a pointer. */
const at = (threadSeq: number | null, lastReadSeq: number) =>
  ({ channelId: 'a', threadSeq, get: () => ({ lastReadSeq }) }) as unknown as ChatTimeline;

describe('The ledger of a device', () => {
  it('has the furthest pointer of each channel, and of a thread that moves it once it has opened', () => {
    const ledger = { reads: {} };
    noteRead(ledger, at(null, 5), 5);
    noteRead(ledger, at(null, 5), 3);
    noteRead(ledger, at(1, 0), 18);
    noteRead(ledger, at(2, 9), 4);

    expect(ledger.reads).toEqual({ a: 5, 'a/1': 18, 'a/2': 9 });
  });
});
