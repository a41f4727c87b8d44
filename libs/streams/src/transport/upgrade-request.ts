import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseCookie } from 'cookie';
import { StreamHandshake } from './stream-handshake.js';

const MAX_QUERY_LENGTH = 2_048;
/** Parameter names of credentials, in lower case and without separators. */
const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  'accesskey',
  'accesstoken',
  'apikey',
  'apitoken',
  'auth',
  'authentication',
  'authorization',
  'authtoken',
  'bearer',
  'bearertoken',
  'credential',
  'credentials',
  'idtoken',
  'jwt',
  'key',
  'passwd',
  'password',
  'pwd',
  'refreshtoken',
  'secret',
  'session',
  'sessionid',
  'sessiontoken',
  'sid',
  'ticket',
  'token',
  'xapikey',
]);
const SEPARATORS = /[^a-z0-9]/g;
/** The default of Node's `maxHeadersCount`. */
const DEFAULT_MAX_HEADERS = 1_000;
const WEBSOCKET_VERSION = '13';

/** One upgrade request, and the socket that it came on. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** The bytes after the request that arrived with it. */
  readonly head: Buffer;
  /** The last unwritten response to an earlier request on this socket. */
  readonly earlier?: ServerResponse | undefined;
}

/** The HTTP response that refuses an upgrade. */
export interface UpgradeRefusal {
  readonly status: number;
  readonly message: string;
  /** The log text with cause and remedy; `message` by default. */
  readonly log?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The client would read earlier responses as frames after the 101. */
export const TOO_EARLY: UpgradeRefusal = {
  status: 400,
  message:
    'Wait for the responses to earlier requests on this connection before you send an upgrade request.',
};

/** Returns true when the request has exactly this path. */
export function isForPath(request: IncomingMessage, path: string): boolean {
  return splitTarget(request)[0] === path;
}

/**
 * Checks the method, version, headers and query of a request.
 *
 * Returns undefined when it is valid.
 */
export function refusalOfForm(request: IncomingMessage): UpgradeRefusal | undefined {
  if (request.method !== 'GET') return { status: 405, message: 'Use GET.', headers: { Allow: 'GET' } };
  if (request.httpVersion === '1.0')
    return { status: 400, message: 'An upgrade request is of HTTP/1.1: set the version in the proxy.' };
  const version = request.headers['sec-websocket-version'];
  if (version !== WEBSOCKET_VERSION) {
    const headers = { 'Sec-WebSocket-Version': WEBSOCKET_VERSION };
    return { status: 426, message: 'The WebSocket version must be 13.', headers };
  }
  if (hasBody(request)) return { status: 400, message: 'An upgrade request must not have a body.' };
  if (!hasOneHost(request)) return { status: 400, message: 'An upgrade request must have exactly one Host.' };
  if (hasTooManyHeaders(request)) return { status: 431, message: 'The request has too many headers.' };
  const query = splitTarget(request)[1];
  if (query.length > MAX_QUERY_LENGTH) return { status: 414, message: 'The query is too long.' };
  if (query && [...new URLSearchParams(query).keys()].some(isCredential)) {
    return { status: 400, message: 'The URL must not contain credentials. Send the token in "hello".' };
  }
  return undefined;
}

/** Collects the facts for an authenticator. */
export function handshakeOf(request: IncomingMessage, address: string, cookieName?: string): StreamHandshake {
  const { cookie } = request.headers;
  const cookies = cookie ? cookiesOf(cookie) : NO_COOKIES;
  const token = bearerToken(request.headers) ?? (cookieName && cookies[cookieName]) ?? null;
  return new StreamHandshake(token || null, request.headers, cookies, address);
}

/** Returns true when a request has a body: proxies skip it, but the server would read it as frames. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** Returns true for exactly one Host: Node reads the first of several, a proxy may have checked another. */
function hasOneHost({ rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return names.length === 1;
}

function isCredential(name: string): boolean {
  return CREDENTIAL_PARAMETERS.has(name.toLowerCase().replace(SEPARATORS, ''));
}

/** Returns true when Node may have dropped headers; one of them may contain the client's address. */
function hasTooManyHeaders({ rawHeaders, socket }: IncomingMessage): boolean {
  const { server } = socket as { server?: { maxHeadersCount?: number | null } };
  const most = server?.maxHeadersCount ?? DEFAULT_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}

function splitTarget(request: IncomingMessage): readonly [path: string, query: string] {
  const target = request.url ?? '';
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return authorization?.slice(0, 7).toLowerCase() === 'bearer ' ? authorization.slice(7).trim() : undefined;
}

/** The shared result of requests without cookies. */
const NO_COOKIES = Object.freeze(Object.create(null)) as Readonly<Record<string, string>>;

/** The first of several cookies with one name counts. */
function cookiesOf(header: string): Readonly<Record<string, string>> {
  return parseCookie(header, { decode: decodeCookie }) as Record<string, string>;
}

/** Some servers put quotes around a value. */
function decodeCookie(value: string): string {
  const bare = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
