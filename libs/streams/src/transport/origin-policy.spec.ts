import type { IncomingMessage } from 'node:http';
import { OriginPolicy } from './origin-policy.js';

interface Given {
  readonly url?: string;
  readonly method?: string;
  readonly peer?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The used parts of a request, as Node provides them. */
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
    ['its own host by its default port', [], 'https://app.example.com:443', true],
    ['a listed origin of an app', ['capacitor://localhost'], 'capacitor://localhost', true],
    ['another app where one is listed', ['capacitor://localhost'], 'evil://localhost', false],
    ['user information', [], 'https://app.example.com@evil.example', false],
    [
      'an internationalized host by its punycode',
      ['xn--mnchen-3ya.example'],
      'https://münchen.example',
      true,
    ],
  ])('judges %s', (_, allowed, origin, expected) => {
    expect(new OriginPolicy({ origins: allowed }).allows(request({ headers: { origin } }))).toBe(expected);
  });

  it('lets those in who are no browser, unless they bring a cookie', () => {
    const policy = new OriginPolicy();

    expect(policy.allows(request({}))).toBe(true);
    expect(policy.allows(request({ headers: { cookie: 'sid=1' } }))).toBe(false);
    expect(
      new OriginPolicy({ origins: '*' }).allows(
        request({ headers: { cookie: 'sid=1', origin: 'https://a.b' } }),
      ),
    ).toBe(true);
  });

  it.each([
    ['a page of its own scheme', true, 'https://app.example.com', true],
    ['a page of another scheme', true, 'http://app.example.com', false],
    ['any scheme where a proxy may have ended TLS', false, 'https://app.example.com', true],
  ])('judges %s by the socket', (_, encrypted, origin, expected) => {
    const asked = request({ headers: { origin } });
    Object.assign(asked.socket, { encrypted });

    expect(new OriginPolicy().allows(asked)).toBe(expected);
  });

  it('believes the scheme of a trusted proxy alone', () => {
    const asked = request({ headers: { origin: 'http://app.example.com', 'x-forwarded-proto': 'https' } });

    expect(new OriginPolicy({ isProxied: () => true }).allows(asked)).toBe(false);
    expect(new OriginPolicy({ isProxied: () => false }).allows(asked)).toBe(true);
  });

  it('knows the hosts that are listed, at any port unless one is given', () => {
    const policy = new OriginPolicy({ hosts: ['app.example.com', 'other.example:8080'] });
    const knows = (host: string) => policy.knowsHost(request({ headers: { host } }));

    expect(['app.example.com', 'APP.example.com:81', 'other.example:8080'].map(knows)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['other.example', 'evil.example', ''].map(knows)).toEqual([false, false, false]);
    expect(new OriginPolicy().knowsHost(request({ headers: { host: 'evil.example' } }))).toBe(true);
  });
});
