import { create } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import { ChatMarkRead } from '../wire/chat-requests.js';
import type { ChatContext } from './chat-context.js';
import type { LiveChannel } from './live-channel.js';
import type { MessageWindow } from './message-window.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** The time in which calls of `read` become one request, in milliseconds. */
const WRITE_MS = 300;

/** The read pointer of one timeline. */
export class ReadMark {
  firstUnreadSeq: number | null = null;
  private isOpen = false;
  private ownSeq = 0;
  private sentSeq = 0;
  private failures = 0;
  private cancelWrite: (() => void) | undefined;

  constructor(
    private readonly context: ChatContext,
    private readonly live: LiveChannel,
    private readonly place: { readonly threadSeq: number | null; readonly window: MessageWindow },
  ) {}

  /** The number of the last message that the user has read; it never moves back. */
  get readSeq(): number {
    const stored = this.place.threadSeq === null ? (this.live.membership?.readSeq ?? 0) : 0;
    return Math.max(stored, this.ownSeq);
  }

  get unreadCount(): number {
    return this.place.window.messages.filter((message) => this.isUnread(message)).length;
  }

  /** Takes the first unread message of a room that opens. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    const { messages } = this.place.window;
    this.firstUnreadSeq = messages.find((message) => this.isUnread(message))?.seq ?? null;
  }

  /** Forgets the first unread message; the next `open` takes another one. */
  forget(): void {
    this.isOpen = false;
  }

  /** Moves the pointer forward. */
  read(seq: number): void {
    if (seq <= this.readSeq) return;
    this.ownSeq = seq;
    if (this.place.threadSeq === null) this.live.read(seq);
    this.cancelWrite ??= this.context.clock.after(WRITE_MS, () => void this.write());
  }

  /** Sends what waits, and ends. */
  close(): void {
    this.cancelWrite?.();
    this.cancelWrite = undefined;
  }

  private isUnread({ seq, author, deletedAt, kind }: ChatMessage): boolean {
    const isOwn = author?.id === this.context.options.user()?.id;
    return seq > this.readSeq && kind === 'user' && deletedAt === null && !isOwn;
  }

  private async write(): Promise<void> {
    const { ownSeq: seq } = this;
    const { threadSeq } = this.place;
    this.cancelWrite = undefined;
    if (seq <= this.sentSeq) return;
    try {
      const request = { seq, ...(threadSeq !== null && { threadSeq }) };
      await this.live.calls.markRead(create(ChatMarkRead, request as ChatMarkRead), { offline: 'queue' });
      this.sentSeq = Math.max(seq, this.sentSeq);
      this.failures = 0;
    } catch (failure) {
      const error = codedError(failure);
      if (isPassing(error))
        this.cancelWrite ??= this.context.clock.after(
          retryMs(this.failures++, error),
          () => void this.write(),
        );
    }
  }
}
