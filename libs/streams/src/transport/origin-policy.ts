import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** Pages that may connect beside those of the server's own origin; `'*'`: all. */
export type AllowedOrigins = '*' | readonly string[];

/** Options that decide which pages and host names are accepted. */
export interface OriginRules {
  readonly origins?: AllowedOrigins;
  readonly hosts?: readonly string[];
  /** Tells whether the request came through a proxy whose `X-Forwarded-Proto` is believed. */
  readonly isProxied?: (request: IncomingMessage) => boolean;
}

const SCHEMES = ['http:', 'https:'] as const;
type Scheme = (typeof SCHEMES)[number];

/** A host name has at most 253 characters. */
const MAX_LOGGED_LENGTH = 300;
const WITHOUT_ORIGIN =
  'It has a cookie and no "Origin", so a page of any site may have caused it: let the client send "Origin".';
const OPAQUE_ORIGIN =
  'Its origin is "null", that of a file or of a frame in a sandbox: serve the page over HTTP.';

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/**
 * Decides by `Host` and `Origin` whether a request may become a connection.
 *
 * The page's scheme and host must be those of the request, or stand in the list. Entries of the list
 * are origins (`https://app.example.com`) or hosts of any scheme (`localhost:5173`); they are
 * compared whole, as parsed URLs. A request without `Origin` is not a browser's: it is allowed unless
 * it brings a cookie.
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

  /** Tells whether the server answers to the request's `Host`; any host where no list is given. */
  knowsHost({ headers }: IncomingMessage): boolean {
    const host = headers.host?.toLowerCase();
    if (!this.ownHosts) return true;
    return host !== undefined && (this.ownHosts.has(host) || this.ownHosts.has(host.replace(/:\d+$/, '')));
  }

  /** Tells whether the request's page may connect. */
  allows(request: IncomingMessage): boolean {
    if (this.allowsAll) return true;
    const origins = originHeaders(request);
    if (!origins.length) return request.headers.cookie === undefined;
    if (origins.length > 1) return false;
    const origin = parseOrigin(origins[0]!);
    if (!origin) return false;
    return this.isOwn(origin, request) || this.hosts.has(origin.host) || this.origins.has(originOf(origin));
  }

  /** Says why `knowsHost` is false. */
  hostProblem({ headers: { host = '' } }: IncomingMessage): string {
    if (!HOST.test(host)) return 'Its "Host" is no host.';
    return `Host ${host.slice(0, MAX_LOGGED_LENGTH)} is not served: add it to "hosts" of StreamsModule.`;
  }

  /** Says why `allows` is false; without what an origin does not have, which may be a credential. */
  originProblem(request: IncomingMessage): string {
    const origins = originHeaders(request);
    if (!origins.length) return WITHOUT_ORIGIN;
    if (origins.length > 1) return 'It has more than one "Origin".';
    if (origins[0] === 'null') return OPAQUE_ORIGIN;
    const origin = parseOrigin(origins[0]!);
    if (!origin) return 'Its "Origin" is no origin.';
    const text = originOf(origin).slice(0, MAX_LOGGED_LENGTH);
    return `Origin ${text} is not allowed: add it to "origins" of StreamsModule.`;
  }

  private isOwn(origin: URL, request: IncomingMessage): boolean {
    const host = request.headers.host ?? '';
    if (!HOST.test(host)) return false;
    // A proxy that is not believed may have ended TLS: then either scheme may be the page's.
    const scheme = this.schemeOf(request);
    const schemes = scheme ? [scheme] : SCHEMES;
    return schemes.some(
      (own) => URL.canParse(`${own}//${host}`) && isSame(new URL(`${own}//${host}`), origin),
    );
  }

  /** Returns the scheme by which the client reached the server, where it is known. */
  private schemeOf(request: IncomingMessage): Scheme | undefined {
    if ((request.socket as TLSSocket).encrypted) return 'https:';
    if (!this.isProxied(request)) return undefined;
    const forwarded = String(request.headers['x-forwarded-proto'] ?? '')
      .split(',')[0]!
      .trim()
      .toLowerCase();
    if (forwarded === 'https' || forwarded === 'wss') return 'https:';
    return forwarded === 'http' || forwarded === 'ws' ? 'http:' : undefined;
  }
}

function isSame(one: URL, other: URL): boolean {
  return originOf(one) === originOf(other);
}

/** Returns scheme and host; `URL.origin` is the same text for all schemes that it does not know. */
function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** Tells whether an entry of `origins` is a host, or an origin without path. */
export function isOriginEntry(entry: unknown): boolean {
  if (typeof entry !== 'string') return false;
  return hasScheme(entry) ? parseOrigin(entry) !== undefined : isHostEntry(entry);
}

/** Tells whether an entry of `hosts` is a host, with or without a port. */
export function isHostEntry(entry: unknown): boolean {
  return typeof entry === 'string' && HOST.test(entry);
}

function hasScheme(entry: string): boolean {
  return entry.includes('://');
}

function originHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'origin',
  );
}

function parseOrigin(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  const isBare =
    !url.username && !url.password && ['', '/'].includes(url.pathname) && !url.search && !url.hash;
  return isBare && url.host ? url : undefined;
}
