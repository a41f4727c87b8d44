import { CodedError, create } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatPost } from '../wire/chat-requests.js';
import type { ChatClock, ChatStreamClient } from './chat-client.js';
import type { UploadProgress } from './chat-face.js';
import type { KeptPosts, PostRecord } from './kept-posts.js';
import { codedError, finalError } from './retry.js';
import { Task } from './task.js';
import { uploadFiles } from './upload-files.js';

/** A post that is not stored, or is stored and not yet in its room. */
export interface Post extends PostRecord {
  readonly state: 'pending' | 'failed' | 'stored';
  readonly error?: CodedError;
  readonly files?: readonly Blob[];
  /** The progress of the files; the post waits until all are sent. */
  readonly upload?: UploadProgress;
  /** The stored message. */
  readonly stored?: ChatMessage;
}

/** The parts that a box uses. */
export interface PostBoxParts {
  readonly client: ChatStreamClient;
  readonly clock: ChatClock;
  readonly userId: () => string | null;
  readonly kept: KeptPosts;
  /** Called after a post of a channel has changed. */
  readonly changed: (channelId: string) => void;
  /** Returns true while somebody reads a channel, whose room then shows a stored post until it has its place. */
  readonly isRead: (channelId: string) => boolean;
}

/** The reason why a later page does not send a post whose files it does not have. */
const FILES_LOST = {
  code: 'ABORTED',
  message: 'The page was closed before the files were sent; post them again.',
};
/** The most posts without an answer. */
const MAX_POSTS = 1_000;

/**
 * Sends posts, one at a time in each channel, until each is stored or refused.
 *
 * The server stores a client id once, at any time and on any server. So a post is sent again after each failure
 * that passes, also by a later page, which finds it in the storage.
 */
export class PostBox {
  readonly #posts = new Map<string, Post>();
  /** The channels with posts that wait. */
  readonly #sending = new Map<string, Task>();
  readonly #uploads = new Map<string, AbortController>();
  #isClosed = false;
  readonly #parts: PostBoxParts;

  constructor(parts: PostBoxParts) {
    this.#parts = parts;
  }

  /** Returns the posts of a channel or a thread, in the order of posting. */
  of(channelId: string, threadSeq: number | null): Post[] {
    return this.#own().filter((post) => post.channelId === channelId && post.threadSeq === threadSeq);
  }

  /**
   * Adds a post and sends it, after its files.
   *
   * @throws {CodedError} QUEUE_FULL when 1,000 posts wait
   */
  add(record: PostRecord, files: readonly Blob[] = []): void {
    if (this.#posts.size >= MAX_POSTS)
      throw new CodedError('QUEUE_FULL', `${MAX_POSTS} posts wait already; discard some`);
    const { clientId, channelId } = record;
    const mustUpload = files.length > 0 && !record.attachmentIds;
    this.#posts.set(clientId, { ...record, state: 'pending', ...(files.length > 0 && { files }) });
    this.#parts.kept.set(mustUpload ? { ...record, failure: FILES_LOST } : record);
    if (mustUpload) void this.#upload(clientId);
    else this.#send(channelId);
    this.#parts.changed(channelId);
  }

  /** Sends a failed post again, after those that wait. */
  retry(clientId: string): void {
    const post = this.#posts.get(clientId);
    if (post?.state !== 'failed') return;
    this.#posts.delete(clientId);
    this.add({ ...recordOf(post), failure: undefined }, post.files);
  }

  /** Forgets a post. */
  remove(clientId: string): void {
    const post = this.#posts.get(clientId);
    if (!post) return;
    this.#uploads.get(clientId)?.abort();
    this.#posts.delete(clientId);
    this.#parts.kept.remove(clientId);
    this.#parts.changed(post.channelId);
  }

  /** Forgets all posts of the user, also those of other pages. */
  clear(): void {
    const { kept, userId } = this.#parts;
    for (const { clientId } of this.#own()) this.remove(clientId);
    for (const record of kept.all()) if (record.userId === userId()) kept.remove(record.clientId);
  }

  /** Finds own posts among messages of the server, which are stored then. */
  confirm(messages: readonly ChatMessage[]): void {
    if (!this.#posts.size) return;
    for (const message of messages) {
      const post = this.#posts.get(message.clientId ?? '');
      if (post && post.userId === message.author?.id && post.channelId === message.channelId)
        this.#stored(post, message);
    }
  }

  /** Takes the posts that earlier pages have left. */
  restore(): void {
    for (const record of this.#parts.kept.all().slice(0, MAX_POSTS)) {
      if (this.#posts.has(record.clientId)) continue;
      const { failure } = record;
      const error = failure && new CodedError(failure.code, failure.message);
      this.#posts.set(record.clientId, {
        ...record,
        ...(error ? { state: 'failed', error } : { state: 'pending' }),
      });
      this.#parts.changed(record.channelId);
    }
  }

  /** Sends what waits, without the wait for the next attempt. */
  sendAll(): void {
    for (const { channelId } of this.#posts.values()) this.#send(channelId);
  }

  /** Ends all sending; the storage keeps the posts. */
  close(): void {
    this.#isClosed = true;
    for (const upload of this.#uploads.values()) upload.abort();
    for (const task of this.#sending.values()) task.stop();
  }

  #own(): Post[] {
    const userId = this.#parts.userId();
    return [...this.#posts.values()].filter((post) => post.userId === userId);
  }

  #nextOf(channelId: string): Post | undefined {
    if (this.#isClosed) return undefined;
    return this.#own().find(
      (post) => post.channelId === channelId && post.state === 'pending' && !post.upload,
    );
  }

  /** Sends the files of a post. Other posts of the channel do not wait for them. */
  async #upload(clientId: string): Promise<void> {
    const { files = [], channelId } = this.#posts.get(clientId)!;
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const progress = (sent: number): void => this.#change(clientId, { upload: { sent, total } });
    const aborting = new AbortController();
    this.#uploads.set(clientId, aborting);
    progress(0);
    try {
      const { client, clock } = this.#parts;
      const sending = { files, clientId, signal: aborting.signal, clock, progress };
      const attachmentIds = await uploadFiles(client.chatChannel({ channelId }), sending);
      this.#change(clientId, { attachmentIds, upload: undefined });
      const post = this.#posts.get(clientId);
      if (post) this.#parts.kept.set(recordOf(post));
    } catch (failure) {
      this.#failed(clientId, codedError(failure));
    } finally {
      this.#uploads.delete(clientId);
    }
    this.#send(channelId);
  }

  #change(clientId: string, change: Partial<Post>): void {
    const post = this.#posts.get(clientId);
    if (!post) return;
    this.#posts.set(clientId, { ...post, ...change });
    this.#parts.changed(post.channelId);
  }

  #send(channelId: string): void {
    const task =
      this.#sending.get(channelId) ?? new Task(this.#parts.clock, () => this.#sendWaiting(channelId));
    this.#sending.set(channelId, task);
    task.ask();
  }

  async #sendWaiting(channelId: string): Promise<void> {
    for (let next = this.#nextOf(channelId); next; next = this.#nextOf(channelId)) await this.#sendOne(next);
    if (!this.#sending.get(channelId)?.isAsked) this.#sending.delete(channelId);
  }

  /** Sends a post; throws an error that passes. */
  async #sendOne({ channelId, clientId, threadSeq, message, attachmentIds }: Post): Promise<void> {
    const request = {
      ...message,
      clientId,
      ...(threadSeq !== null && { threadSeq }),
      ...(attachmentIds && { attachmentIds }),
    };
    try {
      const calls = this.#parts.client.chatChannel({ channelId });
      const reply = await calls.post(create(ChatPost, request as ChatPost), { offline: 'queue' });
      const post = this.#posts.get(clientId);
      if (post) this.#stored(post, reply.message);
    } catch (failure) {
      this.#failed(clientId, finalError(failure));
    }
  }

  #stored(post: Post, stored: ChatMessage): void {
    if (post.state === 'stored') return;
    const { clientId, channelId } = post;
    this.#parts.kept.remove(clientId);
    if (this.#parts.isRead(channelId)) this.#posts.set(clientId, { ...post, state: 'stored', stored });
    else this.#posts.delete(clientId);
    this.#parts.changed(channelId);
  }

  #failed(clientId: string, error: CodedError): void {
    const post = this.#posts.get(clientId);
    // A confirmed post has not failed, and that of a former user waits for its user.
    if (post?.state !== 'pending' || post.userId !== this.#parts.userId()) return;
    const { code, message } = error;
    this.#change(clientId, { state: 'failed', error, upload: undefined });
    this.#parts.kept.set({ ...recordOf(post), failure: { code, message } });
  }
}

/** Returns what a storage can keep of a post. */
function recordOf({
  state: _state,
  error: _error,
  files: _files,
  upload: _upload,
  ...record
}: Post): PostRecord {
  return record;
}
