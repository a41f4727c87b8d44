import type { PageBounds, StoredMessage } from './history-store.js';
import type { StoredPublication } from './stored-publication.js';

/** A message of a window, and the publication of it. */
export interface WindowItem {
  readonly message: StoredMessage;
  readonly publication: StoredPublication;
}

/**
 * The last messages of a channel without a hole, bounded in number and bytes.
 *
 * It begins with a page of the history and goes on with what is delivered, so that many who come back
 * at the same time share one read, and the publications with whatever was made of them.
 */
export class RecentWindow {
  readonly #items: WindowItem[] = [];
  #bytes = 0;

  constructor(private readonly limits: PageBounds) {}

  /** Adds the next message; lets go of the oldest beyond the limits. */
  add({ message, publication }: WindowItem): void {
    const last = this.#items.at(-1);
    if (last && last.message.offset + 1 !== message.offset) this.#items.length = this.#bytes = 0;
    this.#items.push({ message, publication });
    this.#bytes += message.data.length;
    const { messages, bytes } = this.limits;
    while (this.#items.length > messages || (this.#bytes > bytes && this.#items.length > 1))
      this.#bytes -= this.#items.shift()!.message.data.length;
  }

  /** Adds what another window has beyond this one. */
  addAll(other: RecentWindow): void {
    const lastOffset = this.#items.at(-1)?.message.offset ?? 0;
    for (const item of other.#items) if (item.message.offset > lastOffset) this.add(item);
  }

  /** Returns what stands behind an offset; undefined when some of it is not here. */
  behind(offset: number): readonly WindowItem[] | undefined {
    const first = this.#items[0];
    if (!first || first.message.offset > offset + 1) return undefined;
    return this.#items.slice(offset + 1 - first.message.offset);
  }
}
