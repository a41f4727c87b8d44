import type { ChatClock } from './chat-client.js';
import type { ChatDraftMessage } from './chat-face.js';
import type { KeptTexts } from './kept-texts.js';

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

const TOO_OLD = { code: 'NOT_CONNECTED', message: 'Not sent within a day; send it again.' };

/** The posts without an answer in a storage, each in an entry of its own. */
export class KeptPosts {
  readonly #texts: KeptTexts;
  readonly #clock: ChatClock;

  constructor(texts: KeptTexts, clock: ChatClock) {
    this.#texts = texts;
    this.#clock = clock;
  }

  /** Keeps a post. */
  set(post: PostRecord): void {
    this.#texts.set(post.clientId, JSON.stringify(post));
  }

  /** Forgets a post. */
  remove(clientId: string): void {
    this.#texts.set(clientId, '');
  }

  /** Returns all posts, the oldest first. */
  all(): PostRecord[] {
    const oldest = this.#clock.now() - MAX_AGE_MS;
    return this.#texts
      .names()
      .flatMap((name) => recordOf(this.#texts.get(name)))
      .map((record) => (record.createdAt < oldest ? { failure: TOO_OLD, ...record } : record))
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }
}

/** A text that another page has removed or spoiled has no post. */
function recordOf(text = ''): PostRecord[] {
  try {
    return [JSON.parse(text) as PostRecord];
  } catch {
    return [];
  }
}
