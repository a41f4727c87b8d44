import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What the first frame says of a client. */
interface HelloFacts {
  readonly token?: string | null;
  readonly client?: string;
  readonly resumeName?: string;
}

/** What a connection brought with it: the facts that an authenticator decides by. */
export class StreamHandshake {
  #clientKey?: string;

  constructor(
    /** The credential: of the first frame, else of `Authorization: Bearer`, else of the configured cookie. */
    readonly token: string | null,
    /** The headers of the upgrade request, names in lower case. */
    readonly headers: IncomingHttpHeaders,
    /** The cookies of the upgrade request, decoded; no prototype. */
    readonly cookies: Readonly<Record<string, string>>,
    /** The client's IP address; behind a proxy only with `trustProxy` that of the client itself. */
    readonly address: string,
    /** The name that the client keeps over its connections; undefined where it gave none. */
    readonly client?: string,
    /** The name that the resume tokens of an anonymous client are bound to; `client` where it gave no other. */
    readonly resumeName?: string,
  ) {}

  /** What stands for the client's name where others see it: 22 characters; the name is a secret. */
  get clientKey(): string | undefined {
    if (this.client === undefined) return undefined;
    return (this.#clientKey ??= createHash('sha256').update(this.client).digest('base64url').slice(0, 22));
  }

  /** Returns the same handshake with another credential, as a sign-in on an open connection brings. */
  withToken(token: string | null): StreamHandshake {
    return new StreamHandshake(token, this.headers, this.cookies, this.address, this.client, this.resumeName);
  }

  /** Returns the same handshake with what the first frame brings: a credential, the client's name. */
  withHello({ token, client, resumeName = client }: HelloFacts): StreamHandshake {
    return new StreamHandshake(
      token ?? this.token,
      this.headers,
      this.cookies,
      this.address,
      client,
      resumeName,
    );
  }
}
