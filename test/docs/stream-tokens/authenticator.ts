// The users of docs/stream-tokens.md.
// #region authenticator
import { Injectable } from '@nestjs/common';
import { StreamAuthenticator, type StreamHandshake, type StreamUser } from '@nestwire/streams';

/** Only for this tutorial: the token is the id of the user. Check a real token here. */
@Injectable()
export class AppAuthenticator extends StreamAuthenticator {
  authenticate({ token }: StreamHandshake): StreamUser | null {
    return token === null ? null : { id: token };
  }
}
// #endregion authenticator
