import 'reflect-metadata';
import { deflateRawSync } from 'node:zlib';
import { startEchoApp, type EchoApp } from './echo.app.js';
import {
  jsonFrame,
  rawFrame,
  RawSocket,
  upgradeRequest,
  type RawFrame,
  type UpgradeRequest,
} from '../rig/raw-socket.js';
import { until } from '../rig/until.js';

const HELLO = { t: 'hello', v: 1 };
const OPEN = { t: 'open', id: 1, endpoint: 'echo' };
const note = (id: number, data: object = { text: 'x' }) => ({
  t: 'message',
  id,
  stream: 'echo',
  type: 'echo.note',
  data,
});
const noteText = (id: number, data: string) =>
  `{"t":"message","id":${id},"stream":"echo","type":"echo.note","data":${data}}`;

let target: EchoApp;
let witness: RawSocket;
let witnessId = 1;
const rejections: unknown[] = [];
const onRejection = (error: unknown) => rejections.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', onRejection);
  target = await startEchoApp({
    cookie: 'sid',
    limits: {
      helloTimeoutMs: 2_000,
      authenticationTimeoutMs: 300,
      unfinishedMessageMs: 400,
      closeTimeoutMs: 400,
      credentialGraceMs: 0,
      connectsPerSecond: 2_000,
    },
  });
  witness = await RawSocket.hello(target.port);
  witness.sendJson({ ...OPEN, id: witnessId });
  await witness.frame('opened');
});

afterAll(async () => {
  witness.destroy();
  await target.app.close();
  process.off('unhandledRejection', onRejection);
});

/** The oracle of every case: the server lives, others go on, nothing is left behind. */
afterEach(async () => {
  target.gate.open();
  RawSocket.destroyAllBut(witness);
  expect(rejections).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  witness.sendJson(note(++witnessId));
  await witness.frame('ack', witnessId);
  await until(() => target.streams.counters().connections === 1);
  expect(target.streams.counters()).toMatchObject({
    connections: 1,
    handshakes: 0,
    sessions: 1,
    channels: 0,
  });
  witness.frames.length = 0;
});

describe('A. HTTP upgrade', () => {
  const cases: Array<[n: number, name: string, request: UpgradeRequest | string, statuses: number[]]> = [
    [1, 'a POST', { method: 'POST' }, [405]],
    [1, 'a HEAD', { method: 'HEAD' }, [405]],
    [1, 'HTTP/1.0', upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0'), [400]],
    [2, 'no key', { headers: { 'Sec-WebSocket-Key': undefined } }, [400]],
    [
      2,
      'a key of 15 bytes',
      { headers: { 'Sec-WebSocket-Key': Buffer.alloc(15).toString('base64') } },
      [400],
    ],
    [2, 'a key of 200 characters', { headers: { 'Sec-WebSocket-Key': 'A'.repeat(200) } }, [400]],
    [3, 'no version', { headers: { 'Sec-WebSocket-Version': undefined } }, [426]],
    [3, 'version 99', { headers: { 'Sec-WebSocket-Version': '99' } }, [426]],
    [3, 'version 8', { headers: { 'Sec-WebSocket-Version': '8' } }, [426]],
    ...['/', '//streams', '/STREAMS', '/streams/', '/streams%2f', '/streams/../streams', '/nowhere'].map(
      (path): [number, string, UpgradeRequest, number[]] => [4, `the path ${path}`, { path }, [404]],
    ),
    [4, 'a query of a thousand parameters', { path: `/streams?${'a=1&'.repeat(1_000)}` }, [414]],
    ...[
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://evil-localhost',
      'http://localhost@evil.example',
      'http://evil.example/localhost',
      'not a url',
    ].map((Origin): [number, string, UpgradeRequest, number[]] => [
      5,
      `the origin ${Origin}`,
      { headers: { Origin } },
      [403],
    ]),
    [5, 'two origins', { headers: { Origin: ['http://localhost', 'http://evil.example'] } }, [400, 403]],
    [5, 'no origin but a cookie', { headers: { Cookie: 'sid=user-1' } }, [403]],
    [6, 'headers of 20 KB', { headers: { 'X-Large': 'x'.repeat(20_000) } }, [431]],
    [7, 'a header with NUL', { headers: { 'X-Nul': 'a\0b' } }, [400]],
    [
      7,
      'a folded header',
      'GET /streams HTTP/1.1\r\nHost: localhost\r\nX-Folded: a\r\n b\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      [400],
    ],
    [9, 'a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    [9, 'an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n', [400]],
    [10, 'a garbage subprotocol', { headers: { 'Sec-WebSocket-Protocol': ',,;;@@' } }, [400]],
    [
      10,
      'repeated subprotocols',
      { headers: { 'Sec-WebSocket-Protocol': 'nestwire.v1.json, nestwire.v1.json' } },
      [400],
    ],
    [
      10,
      '10 KB of spaces as subprotocol',
      { headers: { 'Sec-WebSocket-Protocol': `a${' '.repeat(10_000)}b` } },
      [400],
    ],
    [14, 'a token in the query', { path: '/streams?token=user-1' }, [400]],
  ];

  it.each(cases)('%i: answers %s in HTTP', async (_, __, request, statuses) => {
    const raw = await RawSocket.connect(target.port);

    raw.send(typeof request === 'string' ? request : upgradeRequest(request));
    await raw.until(() => raw.status !== undefined);

    expect(statuses).toContain(raw.status);
    // HTTP answers another path, and may keep the connection for the next request.
    if (raw.status !== 404) await raw.ended();
    raw.destroy();
  });

  it.each([
    [5, 'the own origin', { Origin: 'http://localhost' }],
    [
      6,
      'six hundred small headers',
      Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`X-${i}`, '1'])),
    ],
    [11, 'garbage extensions', { 'Sec-WebSocket-Extensions': ';;;permessage-deflate;;=' }],
    [13, 'a forged X-Forwarded-For', { 'X-Forwarded-For': `1.2.3.4, fe80::1%eth0, ${'9'.repeat(10_000)}` }],
  ])('%i: accepts %s', async (_, __, headers) => {
    const raw = await RawSocket.upgrade(
      target.port,
      '/streams',
      headers as unknown as Record<string, string>,
    );

    expect(raw.status).toBe(101);
  });

  it('10: closes an unknown subprotocol with 4503 after the upgrade', async () => {
    const raw = await RawSocket.upgrade(target.port, '/streams', { 'Sec-WebSocket-Protocol': 'graphql-ws' });

    expect(raw.status).toBe(101);
    expect(await raw.closing()).toBe(4503);
  });

  it('12: handles frames that come with the upgrade, in order', async () => {
    const raw = await RawSocket.connect(target.port);

    raw.send(
      Buffer.concat([Buffer.from(upgradeRequest()), jsonFrame(HELLO), jsonFrame(OPEN), jsonFrame(note(2))]),
    );

    await raw.frame('ack', 2);
    expect(raw.frames.map(({ t }) => t)).toEqual(['welcome', 'opened', 'message', 'ack']);
  });

  it('12: closes when more than a hello comes with the upgrade', async () => {
    const raw = await RawSocket.connect(target.port);

    raw.send(Buffer.concat([Buffer.from(upgradeRequest()), jsonFrame({ ...HELLO, pad: 'x'.repeat(5_000) })]));

    expect([1009, 4500]).toContain(await raw.closing());
  });

  it('15: limits new connections of one address', async () => {
    const limited = await startEchoApp({ trustProxy: 1, limits: { connectsPerSecondPerAddress: 2 } });
    const attempts = await Promise.all(
      Array.from({ length: 8 }, () =>
        RawSocket.upgrade(limited.port, '/streams', { 'X-Forwarded-For': '203.0.113.7' }),
      ),
    );
    const other = await RawSocket.upgrade(limited.port, '/streams', { 'X-Forwarded-For': '203.0.113.8' });

    const refused = attempts.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(4);
    expect(refused[0]!.head).toMatch(/Retry-After: \d/);
    expect(other.status).toBe(101);
    // A server waits for its clients, and these would not leave.
    for (const raw of [...attempts, other]) raw.destroy();
    await limited.app.close();
  });

  it('16: forgets a client that resets in the middle of its sign-in', async () => {
    const raw = await RawSocket.upgrade(target.port);

    raw.sendJson({ ...HELLO, token: 'slow' });
    await until(() => target.streams.counters().handshakes === 1);
    raw.socket.resetAndDestroy();
  });

  it('17: answers 503 over capacity and while draining', async () => {
    const small = await startEchoApp({
      limits: { maxConnections: 1 },
      shutdown: { deadlineMs: 2_000, closeListener: 'last' },
    });
    const first = await RawSocket.hello(small.port);
    first.sendJson(OPEN);
    first.sendJson({ t: 'message', id: 2, stream: 'echo', type: 'echo.wait', data: { name: 'a' } });
    await first.frame('opened');
    const second = await RawSocket.upgrade(small.port);
    const closing = small.app.close();
    await first.frame('goaway');
    const third = await RawSocket.upgrade(small.port);

    expect([second.status, third.status]).toEqual([503, 503]);
    expect(second.head).toMatch(/Retry-After: \d/);
    small.gate.open();
    await closing;
  });
});

describe('B. WebSocket frames', () => {
  const bytes = (...codes: number[]) => Uint8Array.from(codes);
  const closes: Array<[n: number, name: string, frames: RawFrame[], codes: number[]]> = [
    [18, 'an unmasked frame', [{ masked: false, payload: '{}' }], [1002]],
    ...[0b100, 0b010, 0b001].map((rsv): [number, string, RawFrame[], number[]] => [
      19,
      `reserved bits ${rsv}`,
      [{ rsv }],
      [1002],
    ]),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [number, string, RawFrame[], number[]] => [
      20,
      `opcode ${opcode}`,
      [{ opcode }],
      [1002],
    ]),
    [21, 'a broken UTF-8 sequence', [{ payload: bytes(0xc3, 0x28) }], [1007]],
    [21, 'an overlong sequence', [{ payload: bytes(0xc0, 0xaf) }], [1007]],
    [21, 'a surrogate in UTF-8', [{ payload: bytes(0xed, 0xa0, 0x80) }], [1007]],
    [21, 'a code point above U+10FFFF', [{ payload: bytes(0xf4, 0x90, 0x80, 0x80) }], [1007]],
    [21, 'a sequence cut at the end', [{ payload: bytes(0xe2, 0x82) }], [1007]],
    [23, 'a fragmented ping', [{ opcode: 9, fin: false }], [1002]],
    [23, 'a fragmented close', [{ opcode: 8, fin: false }], [1002]],
    [23, 'a ping of 126 bytes', [{ opcode: 9, payload: 'x'.repeat(126) }], [1002]],
    [24, 'a continuation without a start', [{ opcode: 0, payload: 'x' }], [1002]],
    [24, 'a new message inside of another', [{ fin: false, payload: '{' }, { payload: '{}' }], [1002]],
    [25, 'a close with one byte', [{ opcode: 8, payload: bytes(3) }], [1002]],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map(
      (code): [number, string, RawFrame[], number[]] => [
        25,
        `a close with code ${code}`,
        [{ opcode: 8, payload: bytes(code >> 8, code & 0xff) }],
        [1002],
      ],
    ),
    [25, 'a close reason that is not UTF-8', [{ opcode: 8, payload: bytes(3, 0xe8, 0xc3, 0x28) }], [1007]],
    [26, 'a declared length of 2^63', [{ declaredLength: 2n ** 63n, lengthBytes: 9 }], [1009]],
    [26, 'a declared length of 2^53', [{ declaredLength: 2n ** 53n, lengthBytes: 9 }], [1009]],
    [26, 'a declared length of 65,537', [{ declaredLength: 65_537 }], [1009]],
    [
      27,
      'fragments above the payload limit together',
      [
        { fin: false, payload: 'x'.repeat(40_000) },
        { opcode: 0, payload: 'x'.repeat(40_000) },
      ],
      [1009],
    ],
    [
      28,
      '65 fragments of one byte',
      [
        { fin: false, payload: ' ' },
        ...Array.from({ length: 64 }, () => ({ opcode: 0, fin: false, payload: ' ' })),
      ],
      [1008],
    ],
    [
      28,
      '70 empty fragments',
      [{ fin: false }, ...Array.from({ length: 70 }, () => ({ opcode: 0, fin: false }))],
      [1008],
    ],
    [37, 'a binary frame', [{ opcode: 2, payload: '{}' }], [1003]],
  ];

  it.each(closes)('%i: closes for %s', async (_, __, frames, codes) => {
    const raw = await RawSocket.hello(target.port);

    raw.send(Buffer.concat(frames.map(rawFrame)));

    expect(codes).toContain(await raw.closing());
  });

  it.each([
    [
      '22: a character split over two fragments',
      [
        { fin: false, payload: bytes(...Buffer.from('{"t":"ping","x":"'), 0xc3) },
        { opcode: 0, payload: bytes(0xa4, ...Buffer.from('"}')) },
      ],
    ],
    ['29: a length written longer than it needs', [{ payload: '{"t":"ping"}', lengthBytes: 9 }]],
  ] as Array<[string, RawFrame[]]>)('%s is accepted', async (_, frames) => {
    const raw = await RawSocket.hello(target.port);

    raw.send(Buffer.concat(frames.map(rawFrame)));

    await raw.frame('pong');
  });

  it.each([
    ['half a header', rawFrame({ payload: '{"t":"ping"}' }).subarray(0, 1)],
    ['half a frame', rawFrame({ payload: '{"t":"ping"}' }).subarray(0, 9)],
    ['a message without its last fragment', rawFrame({ fin: false, payload: '{' })],
  ])('30: closes when %s is followed by silence', async (_, part) => {
    const raw = await RawSocket.hello(target.port);

    raw.send(part);

    expect([1002, 1006]).toContain(await raw.closing());
  });

  it('31: ends a flood of pings whose sender does not read', async () => {
    const raw = await RawSocket.hello(target.port);
    const flood = Buffer.concat(
      Array.from({ length: 2_000 }, () => rawFrame({ opcode: 9, payload: 'x'.repeat(100) })),
    );

    raw.socket.pause();
    for (let round = 0; round < 20 && !raw.socket.destroyed; round++) raw.send(flood);

    await until(() => target.streams.counters().connections === 1);
  });

  it('32: ends a flood of pongs and takes one for a sign of life', async () => {
    const raw = await RawSocket.hello(target.port);

    raw.send(rawFrame({ opcode: 10, payload: 'unasked' }));
    raw.sendJson({ t: 'ping' });
    await raw.frame('pong');
    raw.send(Buffer.concat(Array.from({ length: 1_000 }, () => rawFrame({ opcode: 10 }))));

    expect(await raw.closing()).toBe(4004);
  });

  it('33: ignores what follows a close', async () => {
    const raw = await RawSocket.hello(target.port);
    const close = rawFrame({ opcode: 8, payload: bytes(3, 0xe8) });

    raw.send(Buffer.concat([close, jsonFrame(OPEN), close]));

    expect(await raw.closing()).toBe(1000);
    expect(raw.frames.some(({ t }) => t === 'opened')).toBe(false);
  });

  it('34: ends a connection that does not answer a close', async () => {
    const raw = await RawSocket.hello(target.port);

    raw.sendJson(HELLO);

    expect(await raw.closing()).toBe(4500);
    await raw.ended();
  });

  it('35: bounds what compression unfolds', async () => {
    const compressed = await startEchoApp({ compression: 'inbound' });
    const send = async (frames: RawFrame[]) => {
      const raw = await RawSocket.upgrade(compressed.port, '/streams', {
        'Sec-WebSocket-Extensions': 'permessage-deflate',
      });
      raw.send(Buffer.concat(frames.map(rawFrame)));
      return raw.closing();
    };
    const bomb = deflateRawSync(Buffer.alloc(50_000_000, 0x20));

    expect(await send([{ rsv: 0b100, payload: 'garbage' }])).toBe(1007);
    expect(await send([{ rsv: 0b100, payload: bomb }])).toBe(1009);
    expect(
      await send([
        { fin: false, payload: '{' },
        { opcode: 0, rsv: 0b100, payload: '}' },
      ]),
    ).toBe(1002);
    await compressed.app.close();
  });

  it('36: accepts a message that comes a byte at a time', async () => {
    const raw = await RawSocket.hello(target.port);

    for (const byte of jsonFrame({ t: 'ping' })) {
      await new Promise<void>((resolve) => raw.socket.write(Uint8Array.of(byte), () => resolve()));
    }

    await raw.frame('pong');
  });

  it.each([[''], ['   ']])('38: answers the empty text %j and closes at the third', async (payload) => {
    const raw = await RawSocket.hello(target.port);

    raw.send(rawFrame({ payload }));
    expect(await raw.frame('error')).toMatchObject({ error: { code: 'BAD_JSON' } });
    raw.send(Buffer.concat([rawFrame({ payload }), rawFrame({ payload })]));

    expect(await raw.closing()).toBe(4500);
  });

  it('39: limits ten thousand tiny frames in one segment', async () => {
    const raw = await RawSocket.hello(target.port);

    raw.send(Buffer.concat(Array.from({ length: 10_000 }, () => rawFrame({ payload: '{"t":"pong"}' }))));

    expect(await raw.closing()).toBe(4004);
    expect(raw.frames.find(({ t }) => t === 'error')).toMatchObject({
      error: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) },
    });
  });
});

describe('C. JSON and envelope', () => {
  const open = async () => {
    const raw = await RawSocket.hello(target.port);
    raw.sendJson(OPEN);
    await raw.frame('opened');
    return raw;
  };
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join()}}`;

  const answered: Array<readonly [n: number, text: string, code: string]> = [
    ...['{', 'nul', '{"t":"ping",}', '{"t":"ping"} // no', "{'t':'ping'}", '{"t":"ping"}{"t":"ping"}'].map(
      (text) => [40, text, 'BAD_JSON'] as const,
    ),
    [41, '\ufeff{"t":"ping"}', 'BAD_JSON'],
    ...['null', 'true', '5', '"x"', '[]', '[[]]'].map((text) => [42, text, 'BAD_FRAME'] as const),
    [43, noteText(2, `{"free":${nested(33)}}`), 'TOO_COMPLEX'],
    [43, noteText(2, `{"free":${nested(2_000)}}`), 'TOO_COMPLEX'],
    [43, noteText(2, `{"free":${nested(30_000)}}`), 'TOO_COMPLEX'],
    [44, noteText(2, keys(6_500)), 'TOO_COMPLEX'],
    [45, '{"t":"ping","t":"ping"}', 'BAD_FRAME'],
    [45, '{"t":"open","id":1,"id":2,"endpoint":"echo"}', 'BAD_FRAME'],
    ...['__proto__', 'constructor', 'prototype', '\\u005f_proto__'].map(
      (key) => [46, noteText(2, `{"free":[{"${key}":{"polluted":1}}]}`), 'BAD_FRAME'] as const,
    ),
    [46, noteText(2, '{"free":{"constructor":{"prototype":{"polluted":1}}}}'), 'BAD_FRAME'],
    [48, noteText(2, '{"text":"x","amount":1e400}'), 'INVALID_MESSAGE'],
    [48, noteText(2, '{"text":"x","amount":9007199254740993}'), 'INVALID_MESSAGE'],
    [48, noteText(2, `{"text":"x","amount":${'9'.repeat(60_000)}}`), 'INVALID_MESSAGE'],
    [48, noteText(2, '{"text":"x","amount":NaN}'), 'BAD_JSON'],
    [48, noteText(2, '{"text":"x","amount":{"$number":"NaN"}}'), 'INVALID_MESSAGE'],
    [48, noteText(2, `{"text":"x","free":{"$bigint":"${'9'.repeat(41)}"}}`), 'INVALID_MESSAGE'],
    [49, '{"t":"open","id":9,"endpoint":"\\ud800"}', 'UNKNOWN_ENDPOINT'],
    [49, '{"t":"open","id":9,"endpoint":"a\\u0000\\r\\n\\u001b[31m"}', 'UNKNOWN_ENDPOINT'],
    [50, noteText(2, '{"text":"x","unknown":1}'), 'INVALID_MESSAGE'],
    ...[
      '{}',
      '{"t":5}',
      '{"t":[]}',
      `{"t":"${'x'.repeat(10_000)}"}`,
      '{"t":"nothing"}',
      '{"t":"constructor"}',
    ].map((text) => [51, text, 'UNKNOWN_FRAME'] as const),
    [55, `[${'{"t":"ping"},'.repeat(64)}{"t":"ping"}]`, 'BAD_FRAME'],
  ];

  it.each(answered.map(([n, text, code]) => [n, printable(text), code, text] as const))(
    '%i: answers %s with %s',
    async (_, __, code, text) => {
      const raw = await open();

      raw.send(rawFrame({ payload: text }));

      expect(await raw.frame('error')).toMatchObject({ error: { code } });
      raw.sendJson(note(3));
      await raw.frame('ack', 3);
    },
  );

  it('40: closes at the third bad frame', async () => {
    const raw = await open();

    raw.send(Buffer.concat(['{', '[]', '{"t":1}'].map((payload) => rawFrame({ payload }))));

    expect(await raw.closing()).toBe(4500);
    expect(raw.frames.filter(({ t }) => t === 'error')).toHaveLength(3);
  });

  it.each([
    [46, 'a tagged number', { free: 'x', text: 'hi', loose: { $number: '-Infinity' } }],
    [
      47,
      'names of Object.prototype',
      { text: 'x', free: { hasOwnProperty: 1, toString: 2, valueOf: 3, then: 4, toJSON: 5, length: 6 } },
    ],
    [
      49,
      'odd characters',
      { text: 'lone \ud800 nul \u0000 rtl \u202e ansi \u001b[31m\r\n', free: '\u0301'.repeat(20_000) },
    ],
  ])('%i: treats %s as data', async (_, __, data) => {
    const raw = await open();

    raw.sendJson(note(2, data));

    // UTF-8 has no form for half a surrogate pair.
    const text = data.text.replace('\ud800', '\ufffd');
    expect(await raw.frame('message')).toMatchObject({ data: { ...data, text } });
  });

  it('48: keeps -0 only where its tag says so', async () => {
    const raw = await open();

    raw.sendJson(note(2, { text: 'x', amount: { $number: '-0' } }));

    expect(await raw.frame('message')).toMatchObject({ data: { amount: { $number: '-0' } } });
  });

  it('50: ignores an unknown field of the frame', async () => {
    const raw = await open();

    raw.sendJson({ ...note(2), trace: 'later' });

    await raw.frame('ack', 2);
  });

  it.each([undefined, 0, -1, 1.5, '1', null, 2 ** 32, 2 ** 53])('52: closes for the id %p', async (id) => {
    const raw = await open();

    raw.sendJson({ ...note(1), id });

    expect(await raw.closing()).toBe(4500);
  });

  it('53: refuses an id in flight and answers the first', async () => {
    const raw = await open();
    const wait = { t: 'message', id: 5, stream: 'echo', type: 'echo.wait', data: { name: 'a' } };

    raw.sendJson(wait);
    raw.sendJson(wait);
    expect(await raw.frame('error', 5)).toMatchObject({ error: { code: 'DUPLICATE_ID' } });
    target.gate.open();

    await raw.frame('ack', 5);
  });

  it('54: accepts an id again after its answer', async () => {
    const raw = await open();
    const acks = () => raw.frames.filter(({ t, id }) => t === 'ack' && id === 5).length;

    raw.sendJson(note(5));
    await raw.frame('ack', 5);
    raw.sendJson(note(5));

    await raw.until(() => acks() === 2);
  });

  it.each([0, 999, '1'])('56: closes for version %p', async (v) => {
    const raw = await RawSocket.upgrade(target.port);

    raw.sendJson({ t: 'hello', v });

    expect(await raw.closing()).toBe(4503);
  });

  it('57: accepts 65,536 bytes and closes for one more', async () => {
    const fill = (bytes: number) => {
      const frame = JSON.stringify(note(2, { text: '€' }));
      return JSON.stringify(note(2, { text: '€' + 'x'.repeat(bytes - Buffer.byteLength(frame)) }));
    };
    const [fits, exceeds] = await Promise.all([open(), open()]);

    fits.send(rawFrame({ payload: fill(65_536) }));
    exceeds.send(rawFrame({ payload: fill(65_537) }));

    await fits.frame('ack', 2);
    expect(await exceeds.closing()).toBe(1009);
  });
});

describe('D. Authentication and order', () => {
  it.each([[OPEN], [note(1)], [{ t: 'auth', id: 1, token: 'user-1' }]])(
    '58: closes when %j comes first',
    async (frame) => {
      const raw = await RawSocket.upgrade(target.port);

      raw.sendJson(frame);

      expect(await raw.closing()).toBe(4501);
      expect(raw.frames).toEqual([]);
    },
  );

  it('59: closes without a hello in time', async () => {
    const raw = await RawSocket.upgrade(target.port);

    expect(await raw.closing()).toBe(4001);
  });

  it('60: makes no session of a hello after that time', async () => {
    const raw = await RawSocket.upgrade(target.port);

    await raw.closing();
    raw.sendJson(HELLO);

    await raw.ended();
    expect(raw.frames).toEqual([]);
  });

  it.each([
    ['after the first', 'user-1'],
    ['while the first is pending', 'slow'],
  ])('61: closes for a second hello %s', async (_, token) => {
    const raw = await RawSocket.upgrade(target.port);

    raw.sendJson({ ...HELLO, token });
    if (token !== 'slow') await raw.frame('welcome');
    raw.sendJson({ ...HELLO, token });

    expect(await raw.closing()).toBe(4500);
  });

  it('62: closes for a hello of 4,097 bytes', async () => {
    const raw = await RawSocket.upgrade(target.port);
    const hello = JSON.stringify({ ...HELLO, token: '' });

    raw.send(rawFrame({ payload: hello.replace('""', `"${'x'.repeat(4_097 - hello.length)}"`) }));

    expect(await raw.closing()).toBe(4500);
  });

  it.each([
    ['empty', ''],
    ['long', 'x'.repeat(3_000)],
    ['alg:none', 'eyJhbGciOiJub25lIn0.e30.'],
    ['two-part', 'a.b'],
    ['unknown', 'a'],
  ])('63: closes uniformly for the token that is %s', async (_, token) => {
    const raw = await RawSocket.upgrade(target.port);

    raw.sendJson({ ...HELLO, token });

    expect(await raw.closing()).toBe(4501);
    expect(raw.controls.at(-1)!.payload.subarray(2).toString()).toBe('the credential was not accepted');
  });

  it('63: never takes a refused cookie or header for anonymous', async () => {
    const cookie = await RawSocket.upgrade(target.port, '/streams', {
      Origin: 'http://localhost',
      Cookie: 'sid=forged',
    });
    const header = await RawSocket.upgrade(target.port, '/streams', { Authorization: 'Bearer forged' });

    cookie.sendJson(HELLO);
    header.sendJson(HELLO);

    expect([await cookie.closing(), await header.closing()]).toEqual([4501, 4501]);
  });

  it('64: runs what was sent behind hello after its success', async () => {
    const raw = await RawSocket.upgrade(target.port);

    raw.send(
      Buffer.concat([
        jsonFrame({ ...HELLO, token: 'slow' }),
        jsonFrame(OPEN),
        jsonFrame(note(2)),
        jsonFrame(note(3)),
      ]),
    );

    await raw.frame('ack', 3);
    expect(raw.frames.map(({ t }) => t).slice(0, 2)).toEqual(['welcome', 'opened']);
  });

  it('64: keeps 32 of them, and none when it fails', async () => {
    const [many, failing] = await Promise.all([
      RawSocket.upgrade(target.port),
      RawSocket.upgrade(target.port),
    ]);
    const frames = Array.from({ length: 33 }, (_, index) => jsonFrame(note(index + 2)));

    many.send(Buffer.concat([jsonFrame({ ...HELLO, token: 'slow' }), ...frames]));
    failing.send(Buffer.concat([jsonFrame({ ...HELLO, token: 'nobody' }), jsonFrame(OPEN)]));

    expect(await many.frame('error', 34)).toMatchObject({ error: { code: 'BUSY' } });
    expect(await failing.closing()).toBe(4501);
    expect(failing.frames).toEqual([]);
  });

  it('65: signs in another user, for whom the endpoints are opened again', async () => {
    const raw = await RawSocket.hello(target.port, 'user-1');

    raw.sendJson(OPEN);
    await raw.frame('opened');
    raw.sendJson({ t: 'auth', id: 2, token: 'user-2' });

    expect(await raw.frame('authenticated')).toMatchObject({ id: 2, user: 'user-2' });
    expect(await raw.frame('closed')).toMatchObject({ reason: { code: 'identity-changed' } });
  });

  it('66: closes with 4005 when the credential has expired', async () => {
    const raw = await RawSocket.hello(target.port, 'expired-1');

    expect(await raw.closing()).toBe(4005);
  });

  it.each([
    ['throws', 'throw', 1011],
    ['never ends', 'hang', 1011],
    ['returns junk', 'junk', 4501],
  ])('67: closes when the authenticator %s', async (_, token, code) => {
    const raw = await RawSocket.upgrade(target.port);

    raw.sendJson({ ...HELLO, token });

    expect(await raw.closing()).toBe(code);
    expect(raw.controls.at(-1)!.payload.toString()).not.toContain('secret');
  });

  it.each(['welcome', 'error', 'opened', 'ack', 'goaway', 'publication'])(
    '70: closes for a client that sends %s',
    async (t) => {
      const raw = await RawSocket.hello(target.port);

      raw.sendJson({ t });

      expect(await raw.closing()).toBe(4500);
    },
  );

  it('71: serves who stays until the deadline of its shutdown', async () => {
    const draining = await startEchoApp({ shutdown: { spreadMs: 1_234, deadlineMs: 1_300 } });
    const raw = await RawSocket.hello(draining.port);
    raw.sendJson(OPEN);
    raw.sendJson({ t: 'message', id: 2, stream: 'echo', type: 'echo.wait', data: { name: 'a' } });
    await raw.frame('opened');

    const closing = draining.app.close();
    expect(await raw.frame('goaway')).toMatchObject({ spreadMs: 1_234 });
    expect(draining.streams.isReady).toBe(false);
    draining.gate.open();
    raw.sendJson(note(3));
    await raw.frame('ack', 3);

    expect(await raw.closing()).toBe(4006);
    await closing;
    expect(draining.endpoint.closed).toMatchObject([{ code: 'shutdown' }]);
  });

  it('72: ends an old connection whose client stays, when its handlers have finished', async () => {
    const aging = await startEchoApp({ limits: { maxConnectionAgeMs: 60 }, shutdown: { deadlineMs: 200 } });
    const raw = await RawSocket.hello(aging.port);
    raw.sendJson(OPEN);
    raw.sendJson({ t: 'message', id: 2, stream: 'echo', type: 'echo.wait', data: { name: 'a' } });
    expect(await raw.frame('goaway')).toMatchObject({ spreadMs: 0 });
    await until(() => {
      raw.sendJson({ t: 'auth', id: 9, token: null });
      return raw.frames.some(({ error }) => (error as { code: string } | undefined)?.code === 'DRAINING');
    });
    aging.gate.open();

    await raw.frame('ack', 2);
    expect(await raw.closing()).toBe(4006);
    await aging.app.close();
  });
});

/** A name for a test, of a text that may hold anything. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
