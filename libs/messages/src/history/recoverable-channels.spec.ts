import { FakeClock } from '@nestwire/testing';
import { jest } from '@jest/globals';
import { createMessageId, type MessagesModuleOptions } from '../index.js';
import { LocalHistoryStore, type Draft, type HistoryChannel, type Stored } from '../backend.js';
import { MessagesError, MessagesErrorCode } from '../messages.error.js';
import type { RecoverableChannel } from '../channel/channel.js';
import { RecoverableChannels } from './recoverable-channels.js';

const channel: RecoverableChannel = {
  name: 'a',
  messages: [],
  delivery: 'history',
  history: { messages: 100, ageMs: 600_000 },
  durability: 'memory',
  snapshot: [],
};
const message = { type: 't', data: '{}' };
const MINUTE_MS = 60_000;

type Fault = 'unanswered' | 'refused';

/** A history whose attempts fail as a test says: stored without an answer, or refused. */
class FailingHistory extends LocalHistoryStore {
  fault: Fault | undefined;

  override async append(to: HistoryChannel, drafts: readonly Draft[]): Promise<readonly Stored[]> {
    if (this.fault === 'refused') throw new MessagesError(MessagesErrorCode.Unavailable, 'Redis is away');
    const stored = await super.append(to, drafts);
    if (this.fault === 'unanswered') throw new MessagesError(MessagesErrorCode.Uncertain, 'no answer');
    return stored;
  }
}

let clock: FakeClock;
let history: FailingHistory;
let kept: RecoverableChannels;

beforeEach(() => {
  clock = new FakeClock();
  history = new FailingHistory(clock);
  kept = open();
});

function open(options: MessagesModuleOptions = {}): RecoverableChannels {
  return new RecoverableChannels(
    history,
    { clock, ...options },
    { isLocal: () => true, failed: () => undefined },
  );
}

afterEach(() => jest.restoreAllMocks());

interface Outcome {
  readonly code: string;
  readonly messageId?: string;
  readonly message?: string;
}

/** Posts, while the attempts of the queue fail or not, and returns what became of it. */
async function post(fault: Fault | undefined, id?: string): Promise<Outcome> {
  history.fault = fault;
  let outcome: Outcome | undefined;
  void kept.post(channel, message, { id }).then(
    ({ isDuplicate }) => (outcome = { code: isDuplicate ? 'duplicate' : 'stored' }),
    (error: MessagesError) => (outcome = error),
  );
  while (!outcome) {
    await new Promise(setImmediate);
    clock.advance(1_000);
  }
  return outcome;
}

const stored = async () =>
  (await history.read(channel, { last: 100 }, { messages: 100, bytes: 1e6 })).messages.length;

describe('A post whose outcome is unknown', () => {
  it.each([
    ['an id that the service made', undefined],
    ['an id of the caller', 'order-1'],
  ])('stays UNCERTAIN when a retry is refused, with %s', async (_, id) => {
    const { code, messageId } = await post('unanswered', id);
    expect(code).toBe('UNCERTAIN');

    for (let retry = 0; retry < 3; retry++)
      expect(await post('refused', messageId)).toMatchObject({ code: 'UNCERTAIN', messageId });
    expect(await post(undefined, messageId)).toEqual({ code: 'duplicate' });
    expect(await stored()).toBe(1);
  });

  it('stays UNCERTAIN when its retry finds the queue full', async () => {
    kept = open({ maxPendingPosts: 1 });
    const { messageId } = await post('unanswered');
    history.fault = undefined;
    const other = kept.post(channel, message);

    await expect(kept.post(channel, message, { id: messageId })).rejects.toMatchObject({ code: 'UNCERTAIN' });
    await other;
  });

  it('is known again when a retry has an answer', async () => {
    const { messageId } = await post('unanswered', 'order-2');
    await post(undefined, messageId);
    clock.advance(3 * MINUTE_MS);

    expect(await post('refused', messageId)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is not confused with that of another post, or of another channel', async () => {
    await post('unanswered', 'order-3');

    expect(await post('refused', 'order-4')).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await post('refused')).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('is unknown where another process made the id: that process may have stored it', async () => {
    const own = createMessageId();
    const [time, , number] = own.split('.');
    const foreign = `${time}.AAAAAAAAAAAAAAAA.${number}`;

    expect(await post('refused', foreign)).toMatchObject({ code: 'UNCERTAIN', messageId: foreign });
    expect(await post('refused', own)).toMatchObject({ code: 'UNAVAILABLE', messageId: own });
  });
});

describe('A retry', () => {
  const later = (ms: number) => {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + ms);
  };

  it('is refused later than two minutes after the id was made, and stores nothing', async () => {
    const { messageId } = await post('unanswered');
    later(2 * MINUTE_MS + 1);
    clock.advance(2 * MINUTE_MS + 1);

    expect(await post(undefined, messageId)).toMatchObject({ code: 'RETRY_TOO_LATE', messageId });
    expect(await stored()).toBe(1);
  });

  it('is taken within two minutes', async () => {
    const { messageId } = await post('unanswered');
    later(2 * MINUTE_MS - 1_000);
    clock.advance(2 * MINUTE_MS - 20_000);

    expect(await post(undefined, messageId)).toEqual({ code: 'duplicate' });
  });

  it('is refused when the clock was set back since, because its age is unknown', async () => {
    const { messageId } = await post('unanswered');
    later(-60 * MINUTE_MS);

    expect(await post(undefined, messageId)).toMatchObject({ code: 'RETRY_TOO_LATE', messageId });
  });

  it('is taken at any time with an id of the caller, which tells no time', async () => {
    await post('unanswered', 'order-5');
    later(60 * MINUTE_MS);

    expect(await post(undefined, 'order-5')).toEqual({ code: 'duplicate' });
  });
});
