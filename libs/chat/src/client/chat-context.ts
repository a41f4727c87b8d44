import type { ChatClock, ChatOptions, ChatStreamClient } from './chat-client.js';
import type { Drafts } from './drafts.js';
import type { PostBox } from './post-box.js';
import type { Profiles } from './profiles.js';
import type { StreamReading } from './stream-reading.js';

/** The parts that all rooms of a chat share. */
export interface ChatContext {
  readonly client: ChatStreamClient;
  readonly clock: ChatClock;
  readonly options: Required<Pick<ChatOptions, 'user' | 'keepMs' | 'maxItems' | 'presence'>>;
  readonly userId: () => string | null;
  /** Returns true after `close`, which ends all timers. */
  readonly isClosed: () => boolean;
  /** Tells the list that this page has moved the read pointer of a channel. */
  readonly readMoved: (channelId: string, seq: number) => void;
  /** The stream of the user. */
  readonly feed: StreamReading;
  readonly profiles: Profiles;
  readonly posts: PostBox;
  readonly drafts: Drafts;
}
