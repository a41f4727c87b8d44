import type { ChatProfile } from '../users/chat-users.js';
import type { ChatTypingEvent } from '../wire/chat-replies.js';
import type { ChatClock } from './chat-client.js';

/** The time after which a user who typed no longer does, in milliseconds. */
const TYPING_MS = 6_000;
const MAX_TYPISTS = 50;

/** The users who type in a channel. */
export class Typists {
  users: readonly ChatProfile[] = [];
  readonly #timers = new Map<string, () => void>();
  readonly #clock: ChatClock;
  readonly #changed: () => void;

  constructor(clock: ChatClock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Takes an event; a user who stops without an event types for 6 s more. */
  take({ user, isTyping }: Pick<ChatTypingEvent, 'user' | 'isTyping'>): void {
    if (!isTyping) return this.remove(user.id);
    this.#timers.get(user.id)?.();
    const isNew = !this.#timers.has(user.id);
    if (isNew && this.#timers.size >= MAX_TYPISTS) return;
    this.#timers.set(
      user.id,
      this.#clock.after(TYPING_MS, () => this.remove(user.id)),
    );
    if (!isNew) return;
    this.users = [...this.users, user];
    this.#changed();
  }

  /** Removes a user, who has stopped or has posted. */
  remove(userId: string): void {
    this.#timers.get(userId)?.();
    if (!this.#timers.delete(userId)) return;
    this.users = this.users.filter(({ id }) => id !== userId);
    this.#changed();
  }

  /** Removes all users. */
  clear(): void {
    for (const { id } of this.users) this.remove(id);
  }
}
