import type { IncomingMessage } from 'node:http';

/** Which pages may connect beside those of the server's own host; `'*'`: all. */
export type AllowedOrigins = '*' | readonly string[];

/**
 * Decides by the `Origin` header whether a page may connect.
 *
 * The server's own host is always allowed. Entries of the list are hosts (`app.example.com`,
 * `localhost:5173`) or origins (`https://app.example.com`); they are compared whole, as parsed
 * URLs. A request without `Origin` is not a browser's: it is allowed unless it brings a cookie.
 */
export class OriginPolicy {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(private readonly allowed: AllowedOrigins = []) {
    const list = allowed === '*' ? [] : allowed;
    this.origins = new Set(
      list.filter((entry) => entry.includes('://')).map((entry) => new URL(entry).origin),
    );
    this.hosts = new Set(list.filter((entry) => !entry.includes('://')).map((entry) => entry.toLowerCase()));
  }

  /** Tells whether the request may become a connection. */
  allows(request: IncomingMessage): boolean {
    if (this.allowed === '*') return true;
    const origins = originHeaders(request);
    if (!origins.length) return request.headers.cookie === undefined;
    if (origins.length > 1) return false;
    const origin = parse(origins[0]!);
    if (!origin) return false;
    return (
      origin.host === request.headers.host?.toLowerCase() ||
      this.hosts.has(origin.host) ||
      this.origins.has(origin.origin)
    );
  }
}

function originHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'origin',
  );
}

function parse(origin: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const url = new URL(origin);
  const isBare = !url.username && !url.password && url.pathname === '/' && !url.search && !url.hash;
  return isBare && url.host ? url : undefined;
}
