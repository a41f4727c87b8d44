interface Judge {
  readonly faults: string[];
  sent(frame: object): void;
  heard(frame: object): void;
  unanswered(): number[];
}

let newJudge: () => Judge;

beforeAll(async () => {
  const path = new URL('./judge.mjs', import.meta.url).href;
  const { Judge } = (await import(path)) as { Judge: new (options: object) => Judge };
  newJudge = () => new Judge({ isPolite: true, callIds: [] });
});

const WELCOME = {
  ...{ t: 'welcome', v: 1, connection: 'c', user: 'ada', pingMs: 1, pongMs: 1, maxPayloadBytes: 1 },
  ...{ maxPendingMessages: 1, resendMs: 1, callWindow: 8, callWindowBytes: 1, maxCalls: 1, maxStreams: 1 },
  contract: 'ys32xETjtcdYwbYjQsyB5n',
};
const CALL = { t: 'call', id: 2, stream: 'talk', method: 'echo', items: true };
const ITEM = { t: 'item', call: 2, type: 'fuzz.memo', data: {} };
const heard = (n: number, owner = 'ada') => ({
  ...{ t: 'item', call: 2, n, type: 'fuzz.heard', data: { owner, text: 'x' } },
});
const END = { t: 'end', call: 2 };

/** Returns the faults of a connection that sent and heard these frames. */
function faultsOf({ sent, heard: frames }: { sent: readonly object[]; heard: readonly object[] }): string[] {
  const judge = newJudge();
  judge.heard(WELCOME);
  for (const frame of sent) judge.sent(frame);
  for (const frame of frames) judge.heard(frame);
  return judge.faults;
}

describe('The judge of the fuzzer', () => {
  it.each([
    ['the items and the end of a call', [heard(1), heard(2), END]],
    ['credit for the items that were sent', [{ t: 'credit', call: 2, consumed: 2 }, END]],
    ['a request and its withdrawal', [request(7), { t: 'withdrawn', request: 7 }, END]],
  ])('accepts %s', (_, frames) => {
    expect(faultsOf({ sent: [CALL, ITEM, ITEM], heard: frames })).toEqual([]);
  });

  it.each([
    ['a missing item', [heard(1), heard(3)]],
    ['an item twice', [heard(1), heard(1)]],
    ['an item after the end', [END, heard(1)]],
    ['a second end', [END, END]],
    ['an end and an error', [END, { t: 'error', id: 2, error: { code: 'X', message: 'x' } }]],
    ['an item of another user', [heard(1, 'bob')]],
    ['a reply of another user', [{ ...heard(1, 'bob'), t: 'reply' }]],
    ['an item of no call', [{ ...heard(1), call: 9 }]],
    ['credit for more items than were sent', [{ t: 'credit', call: 2, consumed: 3 }]],
    ['credit that goes back', [2, 1].map((consumed) => ({ t: 'credit', call: 2, consumed }))],
    ['a request without a time', [{ ...request(7), timeoutMs: undefined }]],
    ['a welcome without a contract', [{ ...WELCOME, contract: 7 }]],
  ])('finds %s', (_, frames) => {
    expect(faultsOf({ sent: [CALL, ITEM, ITEM], heard: frames })).not.toEqual([]);
  });

  it('waits for the end of each call that the client has not left', () => {
    const judge = newJudge();
    judge.sent(CALL);
    judge.sent({ ...CALL, id: 3 });
    judge.sent({ t: 'detach', call: 3 });

    expect(judge.unanswered()).toEqual([2]);
  });
});

function request(id: number): object {
  return { t: 'request', id, stream: 'talk', type: 'fuzz.say', data: {}, timeoutMs: 40 };
}
