import { check, describeVerdict, type CheckLimits, type LogEvent } from './check.mjs';

const CH = 'room:1';

/** A log that is as it has to be: posts a to e, two clients, a fault, a gap, and the end. */
class Log {
  readonly events: LogEvent[] = [];
  #at = 0;

  add(k: string, details: object = {}): this {
    this.events.push({ k, at: (this.#at += 10), ...details });
    return this;
  }

  post(id: string, o: number, more: object = {}): this {
    return this.add('pub_invoke', { id, ch: CH, p: 'p1', ...more }).add('pub_ok', { id, e: 'E', o });
  }

  wait(ms: number): this {
    this.#at += ms;
    return this;
  }

  get(id: string, ...clients: string[]): this {
    for (const c of clients) this.add('recv', { c, ch: CH, id });
    return this;
  }

  final(ids: readonly string[], { e = 'E', from = 1 } = {}): this {
    const entries = ids.map((id, at) => ({
      o: from + at,
      id,
      prev: ids[at - 1] ?? (from === 1 ? '' : undefined),
    }));
    return this.add('final', { ch: CH, e, s: from + ids.length - 1, p: ids.at(-1), entries });
  }
}

const joined = () => new Log().add('sub_ok', { c: 'A', ch: CH }).add('sub_ok', { c: 'B', ch: CH });
const faulty = () =>
  joined()
    .post('a', 1)
    .get('a', 'A', 'B')
    .add('nemesis', { what: 'kill' })
    .post('b', 2)
    .get('b', 'A')
    .add('nemesis', { what: 'heal' })
    .get('b', 'B');

const broken = ({ events }: Log, limits?: CheckLimits) => [
  ...new Set(check(events, limits).violations.map(({ invariant }) => invariant)),
];

describe('The checker', () => {
  it('finds a log valid in which everybody got everything', () => {
    const log = faulty().post('c', 3).get('c', 'A', 'B').final(['a', 'b', 'c']);

    expect(check(log.events, { convergeMs: 100 })).toMatchObject({
      verdict: 'valid',
      violations: [],
      figures: { posts: 3, acked: 3, received: 6, convergedMs: 10, slowestPostMs: 10 },
    });
  });

  it('finds a log valid in which a gap says what is missing', () => {
    const log = faulty()
      .post('c', 3)
      .get('c', 'A')
      .add('gap', { c: 'B', ch: CH, reason: 'trimmed' })
      .post('d', 4)
      .get('d', 'A', 'B')
      .final(['b', 'c', 'd'], { from: 2 });

    expect(check(log.events)).toMatchObject({ verdict: 'valid', violations: [] });
  });

  it('does not compare the places of posts on a branch that was lost with those on another', () => {
    const log = joined()
      .post('a', 1)
      .post('b', 2)
      .get('a', 'A', 'B')
      .get('b', 'A', 'B')
      .add('nemesis', { what: 'restore' })
      .add('gap', { c: 'A', ch: CH, reason: 'diverged' })
      .add('gap', { c: 'B', ch: CH, reason: 'diverged' })
      .post('c', 1)
      .get('c', 'A', 'B')
      .final(['c']);

    expect(check(log.events)).toMatchObject({ verdict: 'lost-ack(reported)', violations: [] });
  });

  it('knows no place of a message that was received on a lost branch and acked on another', () => {
    const log = (gap: string) =>
      joined()
        .post('a', 1)
        .get('a', 'A', 'B')
        .add('nemesis', { what: 'restore' })
        .add('pub_invoke', { id: 'b', ch: CH, p: 'p1' })
        .get('b', 'A', 'B')
        .add('gap', { c: 'A', ch: CH, reason: gap })
        .add('gap', { c: 'B', ch: CH, reason: gap })
        .add('pub_ok', { id: 'b', e: 'E', o: 4 })
        .post('c', 5)
        .get('c', 'A', 'B')
        .final(['b', 'c'], { from: 4 });

    expect(broken(log('diverged'))).toEqual([]);
    expect(broken(log('trimmed'))).toContain('I1');
  });

  it('tells what another branch overtook from what a history let go of', () => {
    const log = joined()
      .post('a', 1)
      .post('b', 2)
      .get('a', 'A', 'B')
      .get('b', 'A', 'B')
      .add('nemesis', { what: 'restore' })
      .add('gap', { c: 'A', ch: CH, reason: 'diverged' })
      .add('gap', { c: 'B', ch: CH, reason: 'diverged' })
      .post('c', 2)
      .post('d', 3)
      .get('c', 'A', 'B')
      .get('d', 'A', 'B')
      .final(['d'], { from: 3 });

    expect(check(log.events)).toMatchObject({ violations: [], lostAcks: ['b'] });
  });

  it('wants nothing more of a client that has left, whatever still arrives', () => {
    const log = joined()
      .post('a', 1)
      .get('a', 'A')
      .add('leave', { c: 'B', ch: CH })
      .get('a', 'B')
      .post('b', 2)
      .get('b', 'A')
      .final(['a', 'b']);

    expect(check(log.events)).toMatchObject({ verdict: 'valid', violations: [] });
  });

  it('does not compare the places of posts that were posted again because nobody knew', () => {
    const log = joined()
      .add('pub_invoke', { id: 'a', ch: CH, p: 'p1' })
      .add('pub_info', { id: 'a', why: 'UNCERTAIN' })
      .post('b', 1)
      .add('pub_ok', { id: 'a', e: 'E', o: 2 })
      .get('b', 'A', 'B')
      .get('a', 'A', 'B')
      .final(['b', 'a']);

    expect(check(log.events)).toMatchObject({ verdict: 'valid', violations: [] });
  });

  it('lets a client leave out what it had received before a gap set it back', () => {
    const log = faulty()
      .post('c', 3)
      .get('c', 'A', 'B')
      .add('gap', { c: 'B', ch: CH, reason: 'diverged', pos: { e: 'E', o: 1, id: 'a' } })
      .post('d', 4)
      .get('d', 'A', 'B')
      .final(['a', 'b', 'c', 'd']);

    expect(check(log.events)).toMatchObject({ verdict: 'valid', violations: [] });
  });

  it('says so when an ack was lost and everybody who had the message was told', () => {
    const log = faulty()
      .add('gap', { c: 'A', ch: CH, reason: 'diverged' })
      .add('gap', { c: 'B', ch: CH, reason: 'diverged' })
      .add('pub_invoke', { id: 'x', ch: CH, p: 'p2' })
      .add('pub_ok', { id: 'x', e: 'E', o: 2 })
      .get('x', 'A', 'B')
      .final(['a', 'x']);

    expect(check(log.events)).toMatchObject({ verdict: 'lost-ack(reported)', lostAcks: ['b'] });
  });

  it('tells the shortest slice', () => {
    const log = faulty().get('b', 'A').final(['a', 'b']);

    expect(describeVerdict(check(log.events))).toMatch(/INVALID[^]*"I5":1[^]*I5: A got b of room:1 twice\n/);
  });
});

const VIOLATIONS: ReadonlyArray<readonly [invariant: string, what: string, log: Log, limits?: CheckLimits]> =
  [
    [
      'I1',
      'a message comes before its predecessor',
      joined().post('a', 1).post('b', 2).get('b', 'A').get('a', 'A').final(['a', 'b']),
    ],
    [
      'I1',
      'a place is passed over after a known position',
      joined()
        .add('gap', { c: 'A', ch: CH, reason: 'trimmed', pos: { e: 'E', o: 1, id: 'a' } })
        .post('c', 3)
        .get('c', 'A')
        .final(['c'], { from: 3 }),
    ],
    [
      'I2',
      'a message follows another than the one before it',
      joined()
        .add('recv', { c: 'A', ch: CH, id: 'a', e: 'E', o: 1, prev: '' })
        .add('recv', { c: 'A', ch: CH, id: 'b', e: 'E', o: 2, prev: 'z' }),
    ],
    [
      'I3',
      'a message in the middle is missing',
      faulty().post('c', 3).post('d', 4).get('d', 'A').final(['a', 'b', 'c', 'd']),
    ],
    [
      'I3',
      'the first message after a subscription is missing',
      joined().post('a', 1).post('b', 2).get('b', 'A').final(['a', 'b']),
    ],
    [
      'I3',
      'a new subscription hides what is missing',
      joined()
        .post('a', 1)
        .get('a', 'A')
        .post('b', 2)
        .add('sub_ok', { c: 'A', ch: CH, recovered: false })
        .post('c', 3)
        .get('c', 'A')
        .final(['a', 'b', 'c']),
    ],
    [
      'I4',
      'a message is received that the history does not hold',
      joined().post('a', 1).get('a', 'A').get('ghost', 'A').final(['a']),
    ],
    ['I5', 'a message comes twice', joined().post('a', 1).get('a', 'A', 'A').final(['a'])],
    ['I6', 'a message is stored twice', joined().post('a', 1).final(['a', 'b', 'a'])],
    ['I6', 'two acks name two places', joined().post('a', 1).add('pub_ok', { id: 'a', e: 'E', o: 2 })],
    [
      'I7',
      'an acked message is lost and its reader not told',
      joined().post('a', 1).get('a', 'A').post('x', 1).final(['x']),
    ],
    [
      'I8',
      'a refused message is stored',
      joined()
        .add('pub_invoke', { id: 'a', ch: CH, p: 'p' })
        .add('pub_fail', { id: 'a', why: 'UNAVAILABLE' })
        .final(['a']),
    ],
    [
      'I8',
      'a refused message is received',
      joined()
        .add('pub_invoke', { id: 'a', ch: CH, p: 'p' })
        .add('pub_fail', { id: 'a', why: 'UNAVAILABLE' })
        .get('a', 'B'),
    ],
    ['I9', 'posts of one publisher change places', joined().post('a', 2).post('b', 1)],
    [
      'I10',
      'two clients have another message at one place',
      joined()
        .add('recv', { c: 'A', ch: CH, id: 'a', e: 'E', o: 1 })
        .add('recv', { c: 'B', ch: CH, id: 'b', e: 'E', o: 1 }),
    ],
    ['I11', 'a client stays behind', faulty().post('c', 3).get('c', 'A').final(['a', 'b', 'c'])],
    ['I11', 'a client gets nothing at all', joined().post('a', 1).get('a', 'A').final(['a'])],
    ['I11', 'a client comes too late', faulty().final(['a', 'b']), { convergeMs: 5 }],
    [
      'I12',
      'a client was not let in',
      joined().add('authz', { c: 'A', ch: CH, ok: true }).post('a', 1).get('a', 'A', 'B'),
    ],
    [
      'I12',
      'a message is of another tenant',
      joined()
        .add('authz', { c: 'A', ch: CH, ok: true, tenant: 'one' })
        .add('recv', { c: 'A', ch: CH, id: 'a', tenant: 'another' }),
    ],
    [
      'I13',
      'a message comes long after access was taken away',
      joined()
        .add('authz', { c: 'A', ch: CH, ok: true })
        .add('authz', { c: 'A', ch: CH, ok: false })
        .wait(2_000)
        .get('a', 'A'),
    ],
    ['I14', 'a gap has no reason', joined().add('gap', { c: 'A', ch: CH, reason: 'trimmed' })],
    [
      'I15',
      'a process keeps what it took',
      new Log()
        .add('sample', { p: 'n1', rss: 1e8, queueBytes: 0, handles: 50 })
        .add('nemesis', { what: 'kill' })
        .add('nemesis', { what: 'heal' })
        .wait(30_000)
        .add('sample', { p: 'n1', rss: 1e8, queueBytes: 1e6, handles: 50 }),
    ],
    [
      'I17',
      'a handler runs twice',
      new Log().add('exec', { sid: 's', seq: 1 }).add('exec', { sid: 's', seq: 1 }),
    ],
    ['I18', 'a ghost is present', new Log().add('presence', { present: ['a', 'b'], live: ['a'] })],
  ];

describe('A log is caught in which', () => {
  it.each(VIOLATIONS.map(([invariant, what, log, limits]) => ({ invariant, what, log, limits })))(
    '$invariant: $what',
    ({ invariant, log, limits }) => {
      expect(check(log.events, limits).verdict).toBe('INVALID');
      expect(broken(log, limits)).toContain(invariant);
    },
  );

  it('each invariant is broken once', () => {
    const held = Array.from({ length: 18 }, (_, at) => `I${at + 1}`).filter((name) => name !== 'I16');

    expect([...new Set(VIOLATIONS.map(([invariant]) => invariant))]).toEqual(held);
  });

  describe('judges durable consumers', () => {
    const working = () => joined().add('work_start', { p: 'n0', ch: CH });
    const handled = (log: Log, id: string) => log.add('work', { p: 'n0', ch: CH, id, attempt: 1 });
    const told = (log: Log, e: string, o: number) =>
      log.add('work_gap', { p: 'n0', ch: CH, reason: 'trimmed', e, o });

    it('by whether they handled all that was acked', () => {
      const whole = handled(handled(working().post('a', 1).post('b', 2), 'a'), 'b');
      const part = handled(working().post('a', 1).post('b', 2), 'a');

      expect(broken(whole.get('a', 'A', 'B').get('b', 'A', 'B').final(['a', 'b']))).toEqual([]);
      expect(broken(part.get('a', 'A', 'B').get('b', 'A', 'B').final(['a', 'b']))).toEqual(['I19']);
    });

    it('by whether a gap told them of what they did not handle', () => {
      const log = () => working().post('a', 1).post('b', 2).get('a', 'A', 'B').get('b', 'A', 'B');

      expect(broken(told(log(), 'E', 2).final(['a', 'b']))).toEqual([]);
      expect(broken(told(log(), 'E', 1).final(['a', 'b']))).toEqual(['I19']);
    });

    it('by whether they were told that everything was lost', () => {
      const log = () =>
        working()
          .post('a', 1)
          .get('a', 'A', 'B')
          .add('nemesis', { what: 'flush' })
          .add('gap', { c: 'A', ch: CH, reason: 'epoch-changed' })
          .add('gap', { c: 'B', ch: CH, reason: 'epoch-changed' });

      expect(broken(told(log(), 'F', 0).final([], { e: 'F' }))).toEqual([]);
      expect(broken(log().final([], { e: 'F' }))).toEqual(['I19']);
    });

    it('by whether they handled what was refused', () => {
      const log = working()
        .add('pub_invoke', { id: 'x', ch: CH, p: 'p1' })
        .add('pub_fail', { id: 'x', why: 'UNAVAILABLE' });

      expect(broken(handled(log, 'x').final([]))).toEqual(['I20']);
    });
  });
});
