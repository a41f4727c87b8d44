import { Injectable } from '@nestjs/common';
import { StreamAuthenticator, StreamHandshake, type StreamUser } from '@nestwire/streams';

/** Authenticates each token as the user of its name; no token is anonymous. */
@Injectable()
export class TokenUsers extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token ? { id: token } : null;
  }
}

/** Authenticates tokens by the part before a colon, except for banned users. */
@Injectable()
export class BannableUsers extends StreamAuthenticator {
  readonly banned = new Set<string>();

  authenticate({ token }: StreamHandshake): StreamUser | null {
    const id = token?.split(':')[0];
    return id && !this.banned.has(id) ? { id } : null;
  }
}
