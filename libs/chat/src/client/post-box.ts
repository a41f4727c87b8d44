import { create, type CodedError } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatPost } from '../wire/chat-requests.js';
import type { ChatClock, ChatStorage, ChatStreamClient } from './chat-client.js';
import type { ChatDraftMessage, UploadProgress } from './chat-face.js';
import { codedError, isPassing, retryMs } from './retry.js';

const PREFIX = 'nestwire.chat.post:';

/** The content of a post, as it is kept in a storage. */
export interface PostRecord {
  readonly userId: string;
  readonly channelId: string;
  readonly threadSeq: number | null;
  readonly clientId: string;
  readonly message: Omit<ChatDraftMessage, 'files'>;
  readonly createdAt: number;
}

/** A post that is not stored, or is stored and not yet in its room. */
export interface Post extends PostRecord {
  readonly state: 'pending' | 'failed' | 'stored';
  readonly error?: CodedError;
  readonly upload?: UploadProgress;
  /** The stored message. */
  readonly stored?: ChatMessage;
}

/** The parts that a box uses. */
export interface PostBoxParts {
  readonly client: ChatStreamClient;
  readonly clock: ChatClock;
  readonly userId: () => string | null;
  readonly storage: ChatStorage | undefined;
  /** Called after a post of a channel has changed. */
  readonly changed: (channelId: string) => void;
  /** Called with the stored message of a post. */
  readonly stored: (message: ChatMessage) => void;
}

/**
 * Sends posts, one at a time in each channel, until each is stored or refused.
 *
 * The server stores a client id once, at any time and on any server. So a post is sent again after each failure
 * that passes, also by a later page, which finds it in the storage.
 */
export class PostBox {
  private readonly posts = new Map<string, Post>();
  private readonly sending = new Set<string>();
  private readonly timers = new Map<string, () => void>();
  private failures = 0;
  private isClosed = false;

  constructor(private readonly parts: PostBoxParts) {}

  /** Returns the posts of a channel or a thread, in the order of posting. */
  of(channelId: string, threadSeq: number | null): Post[] {
    const userId = this.parts.userId();
    return [...this.posts.values()].filter(
      (post) => post.channelId === channelId && post.threadSeq === threadSeq && post.userId === userId,
    );
  }

  /** Adds a post and sends it. */
  add(record: PostRecord): void {
    this.posts.set(record.clientId, { ...record, state: 'pending' });
    this.keep(record);
    this.parts.changed(record.channelId);
    void this.send(record.channelId);
  }

  /** Sends a failed post again, after those that wait. */
  retry(clientId: string): void {
    const post = this.posts.get(clientId);
    if (post?.state !== 'failed') return;
    const { error: _, ...rest } = post;
    this.posts.delete(clientId);
    this.posts.set(clientId, { ...rest, state: 'pending' });
    this.parts.changed(post.channelId);
    void this.send(post.channelId);
  }

  /** Forgets a post. */
  remove(clientId: string): void {
    const post = this.posts.get(clientId);
    if (!post) return;
    this.posts.delete(clientId);
    this.forget(post);
    this.parts.changed(post.channelId);
  }

  /** Sends the posts that earlier pages have left. */
  restore(): void {
    for (const record of this.kept())
      if (!this.posts.has(record.clientId)) this.posts.set(record.clientId, { ...record, state: 'pending' });
    for (const channelId of new Set([...this.posts.values()].map((post) => post.channelId))) {
      this.parts.changed(channelId);
      void this.send(channelId);
    }
  }

  /** Ends all timers; the storage keeps the posts. */
  close(): void {
    this.isClosed = true;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private nextOf(channelId: string): Post | undefined {
    const userId = this.parts.userId();
    return [...this.posts.values()].find(
      (post) => post.channelId === channelId && post.state === 'pending' && post.userId === userId,
    );
  }

  private async send(channelId: string): Promise<void> {
    if (this.sending.has(channelId)) return;
    this.sending.add(channelId);
    try {
      for (let next = this.nextOf(channelId); next && !this.isClosed; next = this.nextOf(channelId))
        await this.sendOne(next);
      this.failures = 0;
    } catch (error) {
      this.sendLater(channelId, codedError(error));
    } finally {
      this.sending.delete(channelId);
    }
  }

  /** Sends a post; throws an error that passes. */
  private async sendOne({ channelId, clientId, threadSeq, message }: Post): Promise<void> {
    const request = { ...message, clientId, ...(threadSeq !== null && { threadSeq }) };
    try {
      const calls = this.parts.client.chatChannel({ channelId });
      const reply = await calls.post(create(ChatPost, request as ChatPost), { offline: 'queue' });
      this.confirm(clientId, reply.message);
    } catch (failure) {
      const error = codedError(failure);
      if (isPassing(error)) throw error;
      this.change(clientId, { state: 'failed', error });
    }
  }

  private confirm(clientId: string, stored: ChatMessage): void {
    const post = this.posts.get(clientId);
    if (!post) return;
    this.forget(post);
    this.change(clientId, { state: 'stored', stored });
    this.parts.stored(stored);
  }

  private change(clientId: string, change: Partial<Post>): void {
    const post = this.posts.get(clientId);
    if (!post) return;
    this.posts.set(clientId, { ...post, ...change });
    this.parts.changed(post.channelId);
  }

  private sendLater(channelId: string, error: CodedError): void {
    this.timers.get(channelId)?.();
    this.timers.set(
      channelId,
      this.parts.clock.after(retryMs(this.failures++, error), () => void this.send(channelId)),
    );
  }

  private keep(record: PostRecord): void {
    try {
      this.parts.storage?.setItem(PREFIX + record.clientId, JSON.stringify(record));
    } catch {
      return;
    }
  }

  private forget({ clientId }: PostRecord): void {
    try {
      this.parts.storage?.removeItem(PREFIX + clientId);
    } catch {
      return;
    }
  }

  private kept(): PostRecord[] {
    const { storage } = this.parts;
    const found: PostRecord[] = [];
    try {
      for (let at = 0; at < (storage?.length ?? 0); at++) {
        const key = storage!.key(at);
        if (key?.startsWith(PREFIX)) found.push(JSON.parse(storage!.getItem(key)!) as PostRecord);
      }
    } catch {
      return found;
    }
    return found.toSorted((a, b) => a.createdAt - b.createdAt);
  }
}
