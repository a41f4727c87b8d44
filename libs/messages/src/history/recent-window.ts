import type { PageBounds } from './history-store.js';
import type { StoredMessage } from './stored-message.js';
import type { StoredPublication } from './stored-publication.js';

/** A message of a window, with its publication. */
export interface WindowItem {
  readonly message: StoredMessage;
  readonly publication: StoredPublication;
}

/**
 * The last consecutive messages of a channel, bounded in number and bytes.
 *
 * It starts with a page of the history and continues with delivered messages. So subscribers that reconnect at
 * the same time share one read, and the encoded publications.
 */
export class RecentWindow {
  private readonly items: WindowItem[] = [];
  private bytes = 0;

  constructor(private readonly limits: PageBounds) {}

  /** Adds the next message, and removes the oldest ones above the limits. */
  add({ message, publication }: WindowItem): void {
    const last = this.items.at(-1);
    if (last && last.message.offset + 1 !== message.offset) this.items.length = this.bytes = 0;
    this.items.push({ message, publication });
    this.bytes += message.data.length;
    const { messages, bytes } = this.limits;
    while (this.items.length > messages || (this.bytes > bytes && this.items.length > 1))
      this.bytes -= this.items.shift()?.message.data.length ?? 0;
  }

  /** Adds the later messages of another window. */
  addAll(other: RecentWindow): void {
    const lastOffset = this.items.at(-1)?.message.offset ?? 0;
    for (const item of other.items) if (item.message.offset > lastOffset) this.add(item);
  }

  /** Returns the messages after an offset; undefined when the window lacks some of them. */
  after(offset: number): readonly WindowItem[] | undefined {
    const first = this.items[0];
    if (!first || first.message.offset > offset + 1) return undefined;
    return this.items.slice(offset + 1 - first.message.offset);
  }
}
