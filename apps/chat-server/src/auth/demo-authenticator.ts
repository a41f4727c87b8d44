import { Injectable } from '@nestjs/common';
import { StreamAuthenticator, StreamHandshake } from '@nestwire/streams';
import { PERSON_NAME } from '../messages/name-rules.js';
import type { ChatUser } from './chat-user.js';

/**
 * Accepts the picked name as credential.
 *
 * FOR THE DEMO ONLY: anybody can be anybody. An application checks a session cookie or a signed token here.
 */
@Injectable()
export class DemoAuthenticator extends StreamAuthenticator<ChatUser> {
  authenticate({ token }: StreamHandshake): ChatUser | null {
    return token !== null && PERSON_NAME.test(token) ? { id: token } : null;
  }
}
