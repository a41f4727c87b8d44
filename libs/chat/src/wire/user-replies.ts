import { StreamMessage } from '@nestwire/protocol';
import type { ChatProfile } from '../users/chat-users.js';

/** The users that a search found. */
@StreamMessage('nestwire-chat.users')
export class ChatUserList {
  declare readonly $type: 'nestwire-chat.users';
  declare users: readonly ChatProfile[];
}

/** The profile of a guest who has given a name, as others see it. */
@StreamMessage('nestwire-chat.introduced')
export class ChatIntroduced {
  declare readonly $type: 'nestwire-chat.introduced';
  declare user: ChatProfile;
}
