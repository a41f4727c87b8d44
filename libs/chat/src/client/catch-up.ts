import { create } from '@nestwire/protocol';
import type { ChatMessage } from '../messages/chat-message.js';
import type { ChatGrowth } from '../wire/growth-events.js';
import { ChatLoadChanges, ChatLoadPage } from '../wire/chat-requests.js';
import type { ChannelCalls, ChatClock } from './chat-client.js';
import type { ChatTimeline } from './chat-face.js';
import type { HistoryPage } from './message-window.js';
import { Task } from './task.js';

/** The most changes that are loaded page by page; beyond it, the windows are loaded anew. */
const MAX_CHANGES = 1_000;
/** The number of live messages after which changes are loaded, so that a later gap has few. */
const MESSAGES_OF_A_BASE = 200;

/** A window of the channel: its own messages, or those of a thread. */
export interface LiveWindow extends ChatTimeline {
  /** True while somebody reads the window. */
  readonly isInUse: boolean;
  /** True when somebody reads the window, and it must be loaded anew. */
  readonly isMissing: boolean;
  /** Keeps new messages out until `release`, because some before them may be missing. */
  hold(): void;
  release(): void;
  /** Takes a message that the stream or the changes have brought. */
  arrive(message: ChatMessage): void;
  /** Adds a piece to a growing message that the window may have. */
  grow(growth: ChatGrowth): void;
  /** Takes the state of a message that the window may have. */
  amend(message: ChatMessage): void;
  /** Drops the messages before a number, which have expired. */
  expire(firstSeq: number): void;
  /** Takes the read pointer of a thread, or asks for it. */
  point(threadSeq?: number, readSeq?: number): void;
  /** Loads the window anew if somebody reads it, else forgets it. */
  refresh(newest?: HistoryPage): Promise<void>;
  forget(): void;
  changed(): void;
  /** Ends the use of the window. */
  end(): void;
}

/** The windows of a channel: its own one under null, those of threads by number. */
export type LiveWindows = Map<number | null, LiveWindow>;

type NewestPage = HistoryPage & { readonly revision: number };

/**
 * Brings the windows of a channel up to date.
 *
 * It does so after each open of the stream and after each gap.
 * All changes up to the revision `base` are in the windows. The live messages after a page do not tell which
 * changes they are, because each has the present state of its message. So only a page or loaded changes move the
 * base, and what follows the base may be loaded twice.
 */
export class CatchUp {
  #base: number | undefined;
  #newest: NewestPage | undefined;
  #arrivals = 0;
  #isOpen = false;
  /** True when what is loaded now ends with the live messages. */
  #isReady = false;
  readonly #task: Task;
  readonly #calls: ChannelCalls;
  readonly #windows: LiveWindows;
  readonly #done: () => void;

  constructor(calls: ChannelCalls, clock: ChatClock, windows: LiveWindows, done: () => void) {
    this.#calls = calls;
    this.#task = new Task(clock, () => this.#catchUp());
    this.#windows = windows;
    this.#done = done;
  }

  /** The stream is lost: new messages have no place until it is open again. */
  interrupt(): void {
    this.#isOpen = this.#isReady = false;
    this.#task.stop();
    for (const window of this.#windows.values()) window.hold();
  }

  /** The stream is open, and messages may be missing. */
  opened(): void {
    this.interrupt();
    this.#isOpen = true;
    // The first page tells where to begin; it may be here already.
    if (this.#base !== undefined || this.#newest) this.#begin();
  }

  /** Takes the newest page, which follows each open of the stream. */
  joined(page: NewestPage): void {
    this.#newest = page;
    this.#begin();
  }

  /** Takes a live message. */
  arrived(message: ChatMessage): void {
    for (const window of this.#windows.values()) window.arrive(message);
    if (++this.#arrivals === MESSAGES_OF_A_BASE && this.#isReady) this.#begin();
  }

  /** Loads the windows that have no page yet. */
  loadNew(): void {
    if (this.#isReady) this.#begin();
  }

  /** Begins without a base. */
  forget(): void {
    this.#base = this.#newest = undefined;
    for (const window of this.#windows.values()) window.forget();
  }

  #begin(): void {
    if (!this.#isOpen) return;
    this.#isReady = true;
    this.#task.ask();
  }

  async #catchUp(): Promise<void> {
    await this.#loadMissing();
    const missing = [...this.#windows.values()].filter((window) => window.isMissing);
    await Promise.all(missing.map((window) => window.refresh()));
    // Another run follows when messages may be missing again.
    if (!this.#isReady || this.#task.isAsked) return;
    for (const window of this.#windows.values()) window.release();
    this.#done();
  }

  /** Loads the changes since the base, or the windows when there is no base or too much has changed. */
  async #loadMissing(): Promise<void> {
    const newest = this.#newest;
    const base = this.#base;
    this.#arrivals = 0;
    if (base === undefined) await this.#loadWindows(newest);
    else if (newest && newest.revision - base > MAX_CHANGES) await this.#loadWindows(newest);
    else if (newest?.revision !== base) await this.#loadChanges(base, newest?.revision ?? 0);
    if (this.#newest === newest) this.#newest = undefined;
  }

  async #loadWindows(newest: NewestPage | undefined): Promise<void> {
    // The revision is of before the windows, so that no change is missing.
    const { revision } = newest ?? (await this.#calls.loadPage(create(ChatLoadPage, { limit: 1 })));
    await Promise.all([...this.#windows.values()].map((window) => window.refresh(newest)));
    this.#base = revision;
  }

  async #loadChanges(base: number, least: number): Promise<void> {
    const messages: ChatMessage[] = [];
    for (let revision = base, hasMore = true; hasMore;) {
      if (messages.length > MAX_CHANGES) return this.#loadWindows(undefined);
      const page = await this.#calls.loadChanges(create(ChatLoadChanges, { revision }));
      if (page.isCut) return this.#loadWindows(undefined);
      messages.push(...page.messages);
      ({ revision, hasMore } = page);
      if (!hasMore) this.#base = Math.max(revision, least);
    }
    for (const window of this.#windows.values()) for (const message of messages) window.arrive(message);
  }
}
