import type { ChatProfile } from '../users/chat-users.js';
import type { ChatTypingEvent } from '../wire/chat-replies.js';
import type { ChatClock } from './chat-client.js';

/** The time after which a user who typed no longer does, in milliseconds. */
const TYPING_MS = 6_000;
const MAX_TYPISTS = 50;

/** The users who type in a channel. */
export class Typists {
  readonly #typing = new Map<string, { readonly user: ChatProfile; readonly stop: () => void }>();
  readonly #clock: ChatClock;
  readonly #changed: () => void;

  constructor(clock: ChatClock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get users(): readonly ChatProfile[] {
    return [...this.#typing.values()].map(({ user }) => user);
  }

  /** Takes an event; a user who stops without an event types for 6 s more. */
  take({ user, isTyping }: Pick<ChatTypingEvent, 'user' | 'isTyping'>): void {
    const { id } = user;
    if (!isTyping) return this.remove(id);
    this.#typing.get(id)?.stop();
    if (this.#typing.has(id) || this.#typing.size < MAX_TYPISTS)
      this.#typing.set(id, { user, stop: this.#clock.after(TYPING_MS, () => this.remove(id)) });
    this.#changed();
  }

  /** Removes a user, who has stopped or has posted. */
  remove(userId: string): void {
    this.#typing.get(userId)?.stop();
    if (this.#typing.delete(userId)) this.#changed();
  }

  /** Removes all users. */
  clear(): void {
    for (const id of this.#typing.keys()) this.remove(id);
  }
}
