import { applyPresence, EMPTY_PRESENCE, type Message } from '@nestwire/protocol';
import type { ChatProfile } from '../users/chat-users.js';
import type { Profiles } from './profiles.js';

/** The users who are present in a channel. */
export class Attendance {
  /** Null until all are known. The same array until somebody comes or goes. */
  users: readonly ChatProfile[] | null = null;
  #view = EMPTY_PRESENCE;
  readonly #profiles: Profiles;

  constructor(profiles: Profiles) {
    this.#profiles = profiles;
  }

  /** Takes a message of the watch; any other changes nothing. */
  take(message: Message): void {
    const view = applyPresence(this.#view, message);
    if (view === this.#view) return;
    this.#view = view;
    const ids = new Set(view.members.map(({ userId }) => userId));
    if (view.isComplete) this.users = [...ids].flatMap((id) => (id === null ? [] : [this.#profiles.of(id)]));
  }

  /** Forgets all. */
  clear(): void {
    this.#view = EMPTY_PRESENCE;
    this.users = null;
  }
}
