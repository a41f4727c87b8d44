import { Injectable } from '@nestjs/common';
import { StreamAuthenticator, type StreamHandshake, type StreamUser } from '@nestwire/streams';
import { DemoTokens } from './demo-tokens.js';

/** Accepts the tokens that `POST /session` gives out. */
@Injectable()
export class DemoAuthenticator extends StreamAuthenticator<StreamUser> {
  constructor(private readonly tokens: DemoTokens) {
    super();
  }

  authenticate({ token }: StreamHandshake): StreamUser | null {
    const id = token === null ? null : this.tokens.read(token);
    return id === null ? null : { id };
  }
}
