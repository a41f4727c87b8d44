import type { ChatClock, ChatStorage } from './chat-client.js';
import type { ChatDraftMessage } from './chat-face.js';

const PREFIX = 'nestwire.chat.post:';
/** The age after which a post is shown as failed and not sent, in milliseconds. */
const MAX_AGE_MS = 86_400_000;

/** The content of a post, as it is kept in a storage. */
export interface PostRecord {
  readonly userId: string;
  readonly channelId: string;
  readonly threadSeq: number | null;
  readonly clientId: string;
  readonly message: Omit<ChatDraftMessage, 'files'>;
  readonly createdAt: number;
  /** The files of the message that the server has received. */
  readonly attachmentIds?: readonly string[];
  /** The reason why the post failed; a later page shows it, and does not send the post. */
  readonly failure?: { readonly code: string; readonly message: string };
}

const TOO_OLD = { code: 'NOT_CONNECTED', message: 'The message was not sent within a day; send it again.' };

/** The posts without an answer in a storage, each in an entry of its own. */
export class KeptPosts {
  constructor(
    private readonly storage: ChatStorage | undefined,
    private readonly clock: ChatClock,
    private readonly onWarning: (text: string, cause: unknown) => void,
  ) {}

  /** Keeps a post. A storage that is full or forbidden keeps nothing; one warning reports it. */
  set(post: PostRecord): void {
    const { userId, channelId, threadSeq, clientId, message, createdAt, attachmentIds, failure } = post;
    const record = { userId, channelId, threadSeq, clientId, message, createdAt, attachmentIds, failure };
    this.attempt((storage) => storage.setItem(PREFIX + clientId, JSON.stringify(record)));
  }

  /** Forgets a post. */
  remove(clientId: string): void {
    this.attempt((storage) => storage.removeItem(PREFIX + clientId));
  }

  /** Returns all posts, the oldest first. */
  all(): PostRecord[] {
    const found: PostRecord[] = [];
    this.attempt((storage) => {
      for (let at = 0; at < storage.length; at++) {
        const key = storage.key(at);
        if (key?.startsWith(PREFIX)) found.push(JSON.parse(storage.getItem(key)!) as PostRecord);
      }
    });
    const oldest = this.clock.now() - MAX_AGE_MS;
    return found
      .map((record) => (record.createdAt < oldest ? { failure: TOO_OLD, ...record } : record))
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }

  private attempt(work: (storage: ChatStorage) => void): void {
    try {
      if (this.storage) work(this.storage);
    } catch (cause) {
      this.onWarning('nestwire: posts without an answer end with the page', cause);
    }
  }
}
