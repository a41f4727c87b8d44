import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/**
 * The pages that may connect besides those of the server's own origin.
 *
 * `'*'` permits all.
 */
export type AllowedOrigins = '*' | readonly string[];

/** The options of an origin policy. */
export interface OriginRules {
  readonly origins?: AllowedOrigins;
  readonly hosts?: readonly string[];
  /** Returns true when a trusted proxy sent the request; its `X-Forwarded-Proto` is used then. */
  readonly isProxied?: (request: IncomingMessage) => boolean;
}

const SCHEMES = ['http:', 'https:'] as const;
type Scheme = (typeof SCHEMES)[number];

/** The maximum length of a logged host or origin; host names have at most 253 characters. */
const MAX_LOGGED_LENGTH = 300;
const WITHOUT_ORIGIN =
  'It has a cookie but no "Origin", so any site may have caused it. Let the client send "Origin".';
const OPAQUE_ORIGIN = 'Its origin is "null", as for a file or a sandboxed frame. Serve the page over HTTP.';

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Checks `Host` and `Origin` of a request.
 *
 * The page's scheme and host must equal those of the request or of an entry in the list. Entries are origins
 * (`https://app.example.com`) or hosts of any scheme (`localhost:5173`), compared as whole parsed URLs. A
 * request without `Origin` does not come from a browser; it is accepted unless it has a cookie.
 */
export class OriginPolicy {
  private readonly allowsAll: boolean;
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;
  private readonly ownHosts: ReadonlySet<string> | undefined;
  private readonly isProxied: (request: IncomingMessage) => boolean;

  constructor({ origins = [], hosts, isProxied = () => false }: OriginRules = {}) {
    const list = origins === '*' ? [] : origins;
    this.allowsAll = origins === '*';
    this.origins = new Set(list.filter(hasScheme).map((entry) => originOf(new URL(entry))));
    this.hosts = new Set(list.filter((entry) => !hasScheme(entry)).map((entry) => entry.toLowerCase()));
    this.ownHosts = hosts && new Set(hosts.map((host) => host.toLowerCase()));
    this.isProxied = isProxied;
  }

  /** Returns true when the request's `Host` is in the list, or there is no list. */
  knowsHost({ headers }: IncomingMessage): boolean {
    const host = headers.host?.toLowerCase();
    if (!this.ownHosts) return true;
    return host !== undefined && (this.ownHosts.has(host) || this.ownHosts.has(host.replace(/:\d+$/, '')));
  }

  /** Returns true when the page of the request may connect. */
  allows(request: IncomingMessage): boolean {
    if (this.allowsAll) return true;
    const [text, ...others] = originHeaders(request);
    if (text === undefined) return request.headers.cookie === undefined;
    if (others.length) return false;
    const origin = parseOrigin(text);
    if (!origin) return false;
    return this.isOwn(origin, request) || this.hosts.has(origin.host) || this.origins.has(originOf(origin));
  }

  /** Returns the reason why `knowsHost` is false. */
  hostProblem({ headers: { host = '' } }: IncomingMessage): string {
    if (!HOST.test(host)) return 'Its "Host" is not a valid host.';
    return `Host ${host.slice(0, MAX_LOGGED_LENGTH)} is not served. Add it to "hosts" of StreamsModule.`;
  }

  /** Returns the reason why `allows` is false, without parts of the header that may be a credential. */
  originProblem(request: IncomingMessage): string {
    const [header, ...others] = originHeaders(request);
    if (header === undefined) return WITHOUT_ORIGIN;
    if (others.length) return 'It has more than one "Origin".';
    if (header === 'null') return OPAQUE_ORIGIN;
    const origin = parseOrigin(header);
    if (!origin) return 'Its "Origin" is not a valid origin.';
    const text = originOf(origin).slice(0, MAX_LOGGED_LENGTH);
    return `Origin ${text} is not allowed. Add it to "origins" of StreamsModule.`;
  }

  private isOwn(origin: URL, request: IncomingMessage): boolean {
    const host = request.headers.host ?? '';
    if (!HOST.test(host)) return false;
    // An untrusted proxy may have terminated TLS, so the page may have either scheme.
    const scheme = this.schemeOf(request);
    const schemes = scheme ? [scheme] : SCHEMES;
    return schemes.some(
      (own) => URL.canParse(`${own}//${host}`) && isSame(new URL(`${own}//${host}`), origin),
    );
  }

  /** Returns the scheme by which the client reached the server; undefined when unknown. */
  private schemeOf(request: IncomingMessage): Scheme | undefined {
    if ((request.socket as TLSSocket).encrypted) return 'https:';
    if (!this.isProxied(request)) return undefined;
    const [first = ''] = String(request.headers['x-forwarded-proto'] ?? '').split(',');
    const forwarded = first.trim().toLowerCase();
    if (forwarded === 'https' || forwarded === 'wss') return 'https:';
    return forwarded === 'http' || forwarded === 'ws' ? 'http:' : undefined;
  }
}

function isSame(one: URL, other: URL): boolean {
  return originOf(one) === originOf(other);
}

/** Returns scheme and host. `URL.origin` is "null" for all unknown schemes. */
function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** Returns true when an entry of `origins` is a host, or an origin without a path. */
export function isOriginEntry(entry: unknown): boolean {
  if (typeof entry !== 'string') return false;
  return hasScheme(entry) ? parseOrigin(entry) !== undefined : isHostEntry(entry);
}

/** Returns true when an entry of `hosts` is a host, with or without a port. */
export function isHostEntry(entry: unknown): boolean {
  return typeof entry === 'string' && HOST.test(entry);
}

function hasScheme(entry: string): boolean {
  return entry.includes('://');
}

function originHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'origin',
  );
}

function parseOrigin(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  const isBare =
    !url.username && !url.password && ['', '/'].includes(url.pathname) && !url.search && !url.hash;
  return isBare && url.host ? url : undefined;
}
