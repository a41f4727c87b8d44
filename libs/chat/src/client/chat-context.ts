import type { ChatClock, ChatOptions, ChatStreamClient } from './chat-client.js';
import type { Drafts } from './drafts.js';
import type { PostBox } from './post-box.js';

/** The parts that all rooms of a chat share. */
export interface ChatContext {
  readonly client: ChatStreamClient;
  readonly clock: ChatClock;
  readonly options: Required<Pick<ChatOptions, 'user' | 'keepMs' | 'maxItems' | 'presence'>>;
  readonly posts: PostBox;
  readonly drafts: Drafts;
}
