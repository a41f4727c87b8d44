import type { StreamClient } from '@nestwire/client';
import type { ChatProfile } from '../users/chat-users.js';
import type { ChatStreams } from './chat-streams.js';

/** A client with the endpoints of the chat; it may have others too. */
export type ChatStreamClient = StreamClient<ChatStreams>;

/** The stream and the calls of one channel. */
export type ChannelCalls = ReturnType<ChatStreamClient['chatChannel']>;

/** The time of the chat; tests may replace it. */
export interface ChatClock {
  /** Returns milliseconds since 1970. */
  now(): number;
  /** Runs a function later; returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** Texts by their names, such as `localStorage`. */
export interface ChatStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Options of a chat. */
export interface ChatOptions {
  /** Returns the signed-in user; null before the sign-in. It is the author of pending messages. */
  readonly user: () => ChatProfile | null;
  /**
   * Keeps posts until they are stored, across page loads, such as `localStorage`.
   *
   * @default none: pending posts end with the page
   */
  readonly outbox?: ChatStorage;
  /**
   * Keeps drafts across page loads, such as `localStorage`.
   *
   * @default none: drafts end with the page
   */
  readonly drafts?: ChatStorage;
  /**
   * Time that a channel stays open without subscribers, in milliseconds.
   *
   * @default 5_000
   */
  readonly keepMs?: number;
  /**
   * The most messages that a room keeps; while it is scrolled, it drops the ones at its far end.
   *
   * @default 500
   */
  readonly maxItems?: number;
  /**
   * Lets open rooms join the presence of their channel, and show the users who are there.
   *
   * @default true
   */
  readonly presence?: boolean;
  /**
   * Called when a storage refuses what it is to keep.
   *
   * @default console.warn
   */
  readonly onWarning?: (text: string, cause: unknown) => void;
  /** @default the clock of the machine */
  readonly clock?: ChatClock;
}
