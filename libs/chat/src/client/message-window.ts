import type { ChatMessage } from '../messages/chat-message.js';
import { applyGrowth, newerMessage } from '../messages/growth/apply-growth.js';
import type { ChatGrowth } from '../wire/growth-events.js';

/** A part of a history, from the oldest to the newest message. */
export interface HistoryPage {
  readonly messages: readonly ChatMessage[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** The most messages that are remembered until they have a place. */
const MAX_REMEMBERED = 1_000;

/**
 * The loaded messages of one channel or thread.
 *
 * They are one part of the history, without a gap. Of two states of a message the one with the higher revision
 * remains. Messages that arrive while a page is on its way, or while changes are missing, are remembered, and get
 * their place afterwards.
 */
export class MessageWindow {
  messages: readonly ChatMessage[] = [];
  hasOlder = false;
  hasNewer = false;
  isLoaded = false;
  readonly #remembered = new Map<number, ChatMessage>();
  #isHeld = true;
  #loads = 0;
  #hasForgotten = false;
  #firstSeq = 0;
  readonly #threadSeq: number | null;
  readonly #maxItems: number;

  constructor(threadSeq: number | null, maxItems: number) {
    this.#threadSeq = threadSeq;
    this.#maxItems = maxItems;
  }

  get first(): number | undefined {
    return this.messages[0]?.seq;
  }

  get last(): number | undefined {
    return this.messages.at(-1)?.seq;
  }

  /** True when the window must be loaded anew: it has no page, or messages without a place were too many. */
  get isStale(): boolean {
    return !this.isLoaded || this.#hasForgotten;
  }

  /** Returns the message with a number. */
  find(seq: number): ChatMessage | undefined {
    return known(this.messages, seq);
  }

  /** Keeps new messages out of the window, because some before them are missing. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Gives the messages that were kept out their places. */
  release(): void {
    this.#isHeld = false;
    this.#settle();
  }

  /** Remembers what arrives while a page is on its way: the page may be older. */
  loading(): void {
    this.#loads++;
  }

  /** The counterpart of `loading`, after the page has been added or has failed. */
  loaded(): void {
    this.#loads--;
    this.#settle();
  }

  /** Takes a message from the stream, which has all before it; returns true when the window has changed. */
  arrive(message: ChatMessage): boolean {
    if (message.threadSeq !== this.#threadSeq) return false;
    if (this.#isHeld || this.#loads) this.#remember(message);
    return this.#place(message);
  }

  /** Takes the state of a message that is an answer; returns true when the window has changed. */
  amend(message: ChatMessage): boolean {
    return this.find(message.seq) !== undefined && this.arrive(message);
  }

  /**
   * Adds a piece to a growing message; returns true when the window has changed.
   *
   * The result is undefined when a piece before this one is missing.
   */
  grow(growth: ChatGrowth): boolean | undefined {
    const message = this.find(growth.seq);
    const grown = message && applyGrowth(message, growth);
    if (!message || grown === message) return false;
    if (!grown) return undefined;
    this.messages = this.messages.with(this.messages.indexOf(message), grown);
    return true;
  }

  /** Drops the messages that have expired: those before a number. */
  expire(firstSeq: number): void {
    this.#firstSeq = firstSeq;
    if (this.#expired()) this.hasOlder = false;
  }

  /** Replaces all messages by a page. */
  reset(page: HistoryPage): void {
    const former = this.messages;
    this.messages = page.messages.map((message) => newerMessage(known(former, message.seq), message));
    this.hasOlder = page.hasOlder;
    this.hasNewer = page.hasNewer;
    this.isLoaded = true;
    this.#hasForgotten = false;
    this.#placeRemembered();
  }

  /** Forgets all messages; the window is loaded again before its next use. */
  forget(): void {
    this.messages = [];
    this.isLoaded = this.hasOlder = this.hasNewer = this.#hasForgotten = false;
    this.#remembered.clear();
  }

  /** Adds the page before the messages, and drops the newest beyond the limit. */
  addOlder({ messages, hasOlder }: HistoryPage): void {
    const { first = Infinity } = this;
    this.messages = [...messages.filter(({ seq }) => seq < first), ...this.messages];
    this.hasOlder = hasOlder;
    this.#placeRemembered();
    this.dropNewest();
  }

  /** Adds the page after the messages, and drops the oldest beyond the limit. */
  addNewer({ messages, hasNewer }: HistoryPage): void {
    const { last = 0 } = this;
    this.messages = [...this.messages, ...messages.filter(({ seq }) => seq > last)];
    this.hasNewer = hasNewer;
    this.#placeRemembered();
    this.dropOldest();
  }

  /** Drops the oldest messages beyond the limit. */
  dropOldest(): void {
    if (this.messages.length <= this.#maxItems) return;
    this.messages = this.messages.slice(-this.#maxItems);
    this.hasOlder = true;
  }

  /** Drops the newest messages beyond the limit. */
  dropNewest(): void {
    if (this.messages.length <= this.#maxItems) return;
    this.messages = this.messages.slice(0, this.#maxItems);
    this.hasNewer = true;
  }

  #remember(message: ChatMessage): void {
    const { seq } = message;
    this.#remembered.set(seq, newerMessage(this.#remembered.get(seq), message));
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    this.#hasForgotten = true;
    this.#remembered.delete(this.#remembered.keys().next().value!);
  }

  #settle(): void {
    this.#placeRemembered();
    if (!this.#isHeld && !this.#loads) this.#remembered.clear();
  }

  #placeRemembered(): void {
    for (const message of this.#remembered.values()) this.#place(message);
    this.#expired();
  }

  /** A page that was on its way may have messages that have expired since. */
  #expired(): boolean {
    if ((this.first ?? Infinity) >= this.#firstSeq) return false;
    this.messages = this.messages.filter(({ seq }) => seq >= this.#firstSeq);
    return true;
  }

  #place(message: ChatMessage): boolean {
    if (!this.isLoaded) return false;
    const at = placeOf(this.messages, message.seq);
    const found = this.messages[at];
    if (found?.seq === message.seq) {
      const newer = newerMessage(found, message);
      if (newer === found) return false;
      this.messages = this.messages.with(at, newer);
      return true;
    }
    const isAtEnd = at === this.messages.length;
    // A message before the first one comes with its page; one after the last one, when all before it are there.
    if (isAtEnd ? this.hasNewer || this.#isHeld : at === 0 && this.hasOlder) return false;
    this.messages = this.messages.toSpliced(at, 0, message);
    return true;
  }
}

function known(messages: readonly ChatMessage[], seq: number): ChatMessage | undefined {
  const found = messages[placeOf(messages, seq)];
  return found?.seq === seq ? found : undefined;
}

/** Returns the place of a number in messages: that of the first one that is not before it. */
function placeOf(messages: readonly ChatMessage[], seq: number): number {
  let from = 0;
  let to = messages.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (messages[middle]!.seq < seq) from = middle + 1;
    else to = middle;
  }
  return from;
}
