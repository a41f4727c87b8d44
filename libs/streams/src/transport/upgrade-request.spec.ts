import type { IncomingMessage } from 'node:http';
import { handshakeOf, isForPath, refusalOfForm } from './upgrade-request.js';

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
    expect('toString' in cookies).toBe(false);
    expect(Object.getOwnPropertyDescriptor(cookies, '__proto__')?.value).toBe('1');
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
    [{ url: '/streams?TOKEN=x' }, 400],
    [{ url: '/streams?api_key=x' }, 400],
    [{ url: '/streams?apikey=x' }, 400],
    [{ url: '/streams?X-API-Key=x' }, 400],
    [{ url: '/streams?a=1&%6Bey=x' }, 400],
    [{ url: '/streams?jwt' }, 400],
    [{ url: '/streams?Bearer=x' }, 400],
    [{ url: '/streams?session_id=x' }, 400],
    [{ url: '/streams?keyboard=1&authored=2' }, undefined],
    [{ headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`a${index}`, '1'])) }, 431],
    [{ url: '/streams?page=2' }, undefined],
    [{ headers: { 'content-length': '2' } }, 400],
    [{ headers: { 'content-length': '0' } }, undefined],
    [{ headers: { 'transfer-encoding': 'chunked' } }, 400],
    [{ headers: { Host: 'other.example.com' } }, 400],
  ])('judge %j', (given: Given, status) => {
    expect(refusalOfForm(request(given))?.status).toBe(status);
  });
});
