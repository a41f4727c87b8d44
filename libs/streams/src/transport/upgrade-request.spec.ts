import type { IncomingMessage } from 'node:http';
import { ClientAddress, type TrustProxy } from './client-address.js';
import { OriginPolicy } from './origin-policy.js';
import { handshakeOf, isForPath, refusalOfForm } from './upgrade-request.js';

interface Given {
  readonly url?: string;
  readonly method?: string;
  readonly peer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The parts of a request that are read, as Node gives them. */
function request({
  url = '/streams',
  method = 'GET',
  peer = '203.0.113.1',
  headers = {},
}: Given): IncomingMessage {
  const all = { host: 'app.example.com', 'sec-websocket-version': '13', ...headers };
  return {
    url,
    method,
    headers: all,
    rawHeaders: Object.entries(all).flat(),
    socket: { remoteAddress: peer },
  } as never;
}

describe('OriginPolicy', () => {
  it.each([
    ['its own host', [], 'https://app.example.com', true],
    ['its own host in capitals', [], 'https://APP.example.com', true],
    ['another port of its host', [], 'https://app.example.com:8443', false],
    ['another site', [], 'https://evil.example', false],
    ['a suffix trick', [], 'https://evil-app.example.com', false],
    ['a prefix trick', [], 'https://app.example.com.evil.io', false],
    ['a listed host', ['localhost:5173'], 'http://localhost:5173', true],
    ['a listed origin', ['https://other.example'], 'https://other.example', true],
    ['a listed origin under another scheme', ['https://other.example'], 'http://other.example', false],
    ['an opaque origin', ['null'], 'null', false],
    ['user information', [], 'https://app.example.com@evil.example', false],
    [
      'an internationalized host by its punycode',
      ['xn--mnchen-3ya.example'],
      'https://münchen.example',
      true,
    ],
  ])('judges %s', (_, allowed, origin, expected) => {
    expect(new OriginPolicy(allowed).allows(request({ headers: { origin } }))).toBe(expected);
  });

  it('lets those in who are no browser, unless they bring a cookie', () => {
    const policy = new OriginPolicy();

    expect(policy.allows(request({}))).toBe(true);
    expect(policy.allows(request({ headers: { cookie: 'sid=1' } }))).toBe(false);
    expect(
      new OriginPolicy('*').allows(request({ headers: { cookie: 'sid=1', origin: 'https://a.b' } })),
    ).toBe(true);
  });
});

describe('ClientAddress', () => {
  const forwarded = '198.51.100.7, 198.51.100.8';
  const cases: Array<[name: string, trust: TrustProxy, given: Given, expected: string]> = [
    ['believes nobody by default', false, { headers: { 'x-forwarded-for': forwarded } }, '203.0.113.1'],
    [
      'takes the first address from all proxies',
      true,
      { headers: { 'x-forwarded-for': forwarded } },
      '198.51.100.7',
    ],
    ['counts proxies from the server on', 1, { headers: { 'x-forwarded-for': forwarded } }, '198.51.100.8'],
    [
      'goes back over listed proxies',
      ['203.0.113.0/24', '198.51.100.8'],
      { headers: { 'x-forwarded-for': forwarded } },
      '198.51.100.7',
    ],
    [
      'stops at the first that is not listed',
      ['203.0.113.1'],
      { headers: { 'x-forwarded-for': forwarded } },
      '198.51.100.8',
    ],
    [
      'ignores a header of absurd length',
      true,
      { headers: { 'x-forwarded-for': '9'.repeat(5_000) } },
      '203.0.113.1',
    ],
    [
      'ignores what is no address',
      true,
      { headers: { 'x-forwarded-for': 'unknown, <script>' } },
      '203.0.113.1',
    ],
    ['writes a mapped IPv4 address as IPv4', false, { peer: '::ffff:192.0.2.9' }, '192.0.2.9'],
  ];

  it.each(cases)('%s', (_, trust, given, expected) => {
    expect(new ClientAddress(trust).of(request(given))).toBe(expected);
  });

  it.each([
    ['counts an IPv4 address as itself', false, '203.0.113.1', '203.0.113.1'],
    ['counts an IPv6 address as its /64', false, '2001:db8::1:2:3', '2001:db8:0:0::/64'],
    ['leaves loopback alone, which may be a proxy', false, '127.0.0.1', undefined],
    ['leaves private networks alone', false, '10.1.2.3', undefined],
    ['counts them when it knows its proxies', 0, '127.0.0.1', '127.0.0.1'],
    ['leaves alone what is no address', false, '', undefined],
  ] as Array<[string, TrustProxy, string, string | undefined]>)('%s', (_, trust, address, expected) => {
    expect(new ClientAddress(trust).limitKey(address)).toBe(expected);
  });
});

describe('handshakeOf', () => {
  const token = (headers: Record<string, string>, cookie?: string) =>
    handshakeOf(request({ headers }), '', cookie).token;

  it('takes the credential from the bearer header, then from the named cookie', () => {
    expect(token({ authorization: 'Bearer abc' })).toBe('abc');
    expect(token({ authorization: 'Bearer abc', cookie: 'sid=def' }, 'sid')).toBe('abc');
    expect(token({ cookie: 'a=1; sid=d%20ef; sid=other' }, 'sid')).toBe('d ef');
    expect(token({ cookie: 'sid=def' })).toBeNull();
    expect(token({ authorization: 'Basic abc' })).toBeNull();
  });

  it('reads cookies of any shape', () => {
    const { cookies } = handshakeOf(request({ headers: { cookie: '=x; a; b="q"; c=%zz; __proto__=1' } }), '');

    expect({ ...cookies }).toMatchObject({ b: 'q', c: '%zz' });
    expect(Object.getPrototypeOf(cookies)).toBeNull();
  });
});

describe('isForPath and refusalOfForm', () => {
  it('compare the path whole', () => {
    expect(isForPath(request({ url: '/streams?a=1' }), '/streams')).toBe(true);
    expect(isForPath(request({ url: '/streams/' }), '/streams')).toBe(false);
  });

  it.each([
    [{ method: 'POST' }, 405],
    [{ headers: { 'sec-websocket-version': '8' } }, 426],
    [{ url: `/streams?${'a'.repeat(3_000)}` }, 414],
    [{ url: '/streams?access_token=x' }, 400],
    [{ url: '/streams?page=2' }, undefined],
  ])('judge %j', (given: Given, status) => {
    expect(refusalOfForm(request(given))?.status).toBe(status);
  });
});
