import { StreamMessage } from '@nestwire/protocol';
import type { MessageVersion } from '../messages/chat-history.js';
import type { ThreadEntry } from '../messages/thread-list.js';

/** A page of the threads that the user follows. */
@StreamMessage('nestwire-chat.threads')
export class ChatThreads {
  declare readonly $type: 'nestwire-chat.threads';
  declare threads: readonly ThreadEntry[];
  declare next: string | null;
}

/** The former versions of a message, the oldest first. */
@StreamMessage('nestwire-chat.versions')
export class ChatVersions {
  declare readonly $type: 'nestwire-chat.versions';
  declare versions: readonly MessageVersion[];
}
