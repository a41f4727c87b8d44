import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The fields of `hello` that identify a client. */
interface HelloFacts {
  readonly token?: string | null;
  readonly client?: string;
  readonly resumeName?: string;
}

/** The facts about a connection that an authenticator decides by. */
export class StreamHandshake {
  private hashedClient?: string;

  constructor(
    /** The credential: of `hello`, else of `Authorization: Bearer`, else of the configured cookie. */
    readonly token: string | null,
    /** The headers of the upgrade request, with names in lower case. */
    readonly headers: IncomingHttpHeaders,
    /** The decoded cookies of the upgrade request; an object without prototype. */
    readonly cookies: Readonly<Record<string, string>>,
    /** The client's IP address; behind a proxy, `trustProxy` is needed. */
    readonly address: string,
    /**
     * The secret client id, which is the same for all connections of the client; undefined if it sent none.
     */
    readonly client?: string,
    /** The name that the resume tokens of an anonymous client are bound to; `client` by default. */
    readonly resumeName?: string,
  ) {}

  /** A public hash of the secret client id: 22 characters. */
  get clientKey(): string | undefined {
    if (this.client === undefined) return undefined;
    return (this.hashedClient ??= createHash('sha256').update(this.client).digest('base64url').slice(0, 22));
  }
}

/** Returns the same handshake with the credential of a later sign-in. */
export function withToken(handshake: StreamHandshake, token: string | null): StreamHandshake {
  const { headers, cookies, address, client, resumeName } = handshake;
  return new StreamHandshake(token, headers, cookies, address, client, resumeName);
}

/** Returns the same handshake with the fields of `hello`. */
export function withHello(
  handshake: StreamHandshake,
  { token, client, resumeName = client }: HelloFacts,
): StreamHandshake {
  const { headers, cookies, address } = handshake;
  return new StreamHandshake(token ?? handshake.token, headers, cookies, address, client, resumeName);
}
