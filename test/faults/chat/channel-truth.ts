import type { ChatMessage } from '../../../libs/chat/src/client.js';
import type { StoredChat, StoredFile, StoredMessage } from './stored-chat.js';

/** One channel in the database. */
export class ChannelTruth {
  readonly messages: readonly StoredMessage[];

  constructor(
    private readonly stored: StoredChat,
    readonly channel: string,
  ) {
    this.messages = stored.messages.filter((row) => this.isHere(row));
  }

  /** Returns the messages outside of threads, or those of one. */
  timeline(threadSeq: number | null): StoredMessage[] {
    return this.messages.filter(({ thread_seq }) => thread_seq === threadSeq);
  }

  at(seq: number): StoredMessage | undefined {
    return this.messages[seq - 1];
  }

  /** Tells whether a message may be refused: the one that it answers is deleted. */
  isRefusable({ threadSeq, replyTo }: { threadSeq: number | null; replyTo: number | null }): boolean {
    return [threadSeq, replyTo].some((seq) => seq !== null && this.at(seq)?.deleted_at !== null);
  }

  /** Returns all texts that a message has had, each with its number. */
  texts(): ReadonlySet<string> {
    const versions = this.stored.versions.filter((row) => this.isHere(row));
    return new Set([...this.messages, ...versions].map(({ seq, text }) => `${seq}: ${text}`));
  }

  readSeqOf(user: string): number {
    const own = this.stored.members.find((row) => this.isHere(row) && row.user_id === user);
    return own?.read_seq ?? -1;
  }

  /** Returns the pointers of a user in the threads of the channel. */
  threadPointersOf(user: string): ReadonlyMap<number, number> {
    const own = this.stored.threadReaders.filter((row) => this.isHere(row) && row.user_id === user);
    return new Map(own.map(({ thread_seq, read_seq }) => [thread_seq, read_seq]));
  }

  /** Counts the messages of others after a pointer, outside of threads or in one. */
  unreadAfter(readSeq: number, user: string, threadSeq: number | null): number {
    return this.timeline(threadSeq).filter(
      ({ seq, author_id, deleted_at }) => seq > readSeq && author_id !== user && deleted_at === null,
    ).length;
  }

  usersOf(seq: number, emoji: string): string[] {
    return this.reactionsOf(seq).flatMap((row) => (row.emoji === emoji ? [row.user_id] : []));
  }

  /** Returns the files that a message has. */
  filesOf(wanted: number): StoredFile[] {
    return this.stored.attachments.filter(
      (row) => this.isHere(row) && row.seq === wanted && row.orphaned_at === null,
    );
  }

  /** Returns the parts of a message that all readers see. */
  partsOf(row: StoredMessage): string {
    const { seq, revision, version, text, growth, reply_to, thread_seq, reply_count } = row;
    const emojis = [...new Set(this.reactionsOf(seq).map(({ emoji }) => emoji))].toSorted();
    return [
      ...[seq, revision, version, text, `${growth}`, `${reply_to} ${thread_seq} ${reply_count}`],
      ...this.filesOf(seq).map(({ id, byte_size }) => `${id} ${byte_size}`),
      ...emojis.map((emoji) => `${emoji}${this.usersOf(seq, emoji).toSorted().join()}`),
    ].join(' ');
  }

  private reactionsOf(wanted: number) {
    return this.stored.reactions.filter((row) => this.isHere(row) && row.seq === wanted);
  }

  private isHere({ channel_id }: { readonly channel_id: string }): boolean {
    return channel_id === this.channel;
  }
}

/** Returns the parts of a message on a device, in the form of `partsOf`. */
export function seenParts(message: ChatMessage): string {
  const { seq, revision, version, text, growth, replyTo, threadSeq, replyCount } = message;
  const sorted = message.reactions.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1));
  return [
    ...[seq, revision, version, text, growthOf(growth), `${replyTo} ${threadSeq} ${replyCount}`],
    ...message.attachments.map(({ id, size }) => `${id} ${size}`),
    ...sorted.map(({ emoji, userIds }) => `${emoji}${userIds.toSorted().join()}`),
  ].join(' ');
}

function growthOf(growth: ChatMessage['growth']): string {
  if (!growth) return 'null';
  if (growth.isGrowing) return 'growing';
  return growth.isStopped ? 'stopped' : growth.isFailed ? 'failed' : 'ended';
}
