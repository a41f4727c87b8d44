import { jest } from '@jest/globals';
import { StreamHandshake } from '../transport/stream-handshake.js';
import { DEFAULT_LIMITS } from '../streams-limits.js';
import { ClientAddress } from '../transport/client-address.js';
import { ClientShares } from './client-shares.js';
import { ReadTurns } from './read-turns.js';

/** Starts reads that never end, each on a connection that is lost at once; returns their number. */
function readOnLostConnections(user: string | null): { readonly count: number } {
  const limits = { ...DEFAULT_LIMITS, maxChannelReads: 8, maxChannelReadsPerUser: 16 };
  const turns = new ReadTurns(new ClientShares(new ClientAddress(0)), limits);
  const begun = { count: 0 };
  for (let connection = 0; connection < 10; connection++) {
    const client = {
      id: `${connection}`,
      user: user === null ? null : { id: `${user}-${user === 'many' ? connection : 0}` },
      handshake: { address: '203.0.113.7' } as StreamHandshake,
    };
    const withdrawals = Array.from({ length: 20 }, () => turns.read(client, () => begun.count++));
    for (const withdraw of withdrawals) withdraw?.();
  }
  expect(turns.waiting).toBe(0);
  return begun;
}

describe('A client that resumes over and over', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it.each([
    ['of one user', 'one', 16],
    ['of one address', null, 16],
    // The control: each connection may read.
    ['of many users', 'many', 80],
  ])('%s reads no more than one that stays', (_, user, expected) => {
    expect(readOnLostConnections(user).count).toBe(expected);
  });
});

describe('A read that hangs', () => {
  it('gives its turn to the next one in the end', () => {
    jest.useFakeTimers();
    const limits = { ...DEFAULT_LIMITS, maxChannelReads: 1 };
    const turns = new ReadTurns(new ClientShares(new ClientAddress(0)), limits);
    const client = { id: 'a', user: { id: 'ada' }, handshake: { address: '' } as StreamHandshake };
    let begun = 0;
    for (let count = 0; count < 3; count++) turns.read(client, () => begun++);
    const atOnce = begun;

    jest.advanceTimersByTime(5_000);
    jest.useRealTimers();

    expect([atOnce, begun, turns.waiting]).toEqual([1, 3, 0]);
  });
});
