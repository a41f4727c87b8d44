import type { ChatProfile } from '../users/chat-users.js';
import { putLast } from './recent-entries.js';

/** The most users whose profiles are kept. */
const MAX_PROFILES = 1_000;

/** The profiles of users that messages and events have brought. */
export class Profiles {
  readonly #known = new Map<string, ChatProfile>();

  /** Keeps a profile; above the limit, the one that was longest without news is forgotten. */
  know(profile: ChatProfile | null): void {
    if (profile) putLast(this.#known, [profile.id, profile], MAX_PROFILES);
  }

  /** Returns the profile of a user, with the id as name while it is unknown. */
  of(id: string): ChatProfile {
    return this.#known.get(id) ?? { id, name: id };
  }
}
