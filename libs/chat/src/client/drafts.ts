import type { Store } from '@nestwire/client/store';
import type { KeptTexts } from './kept-texts.js';
import { putLast } from './recent-entries.js';

/** The most drafts that are kept without a storage. */
const MAX_DRAFTS = 200;

/** The texts that the user has not posted yet, by room. */
export class Drafts {
  readonly #texts = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  readonly #kept: KeptTexts;
  readonly #userId: () => string | null;

  constructor(kept: KeptTexts, userId: () => string | null) {
    this.#kept = kept;
    this.#userId = userId;
  }

  /** Returns the store of the draft of a room. */
  store(room: string): Store<string> {
    return {
      initial: '',
      get: () => this.#get(this.#keyOf(room)),
      subscribe: (onChange) => {
        const listener = (): void => onChange();
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  set(room: string, text: string): void {
    const key = this.#keyOf(room);
    putLast(this.#texts, [key, text], MAX_DRAFTS);
    this.#kept.set(key, text);
    // Those of other rooms find the same text as before.
    for (const listener of [...this.#listeners]) listener();
  }

  /** Removes all drafts of the user. */
  clear(): void {
    const prefix = this.#keyOf('');
    for (const key of new Set([...this.#texts.keys(), ...this.#kept.names()]))
      if (key.startsWith(prefix) && this.#get(key)) this.set(key.slice(prefix.length), '');
  }

  #get(key: string): string {
    return this.#texts.get(key) ?? this.#kept.get(key) ?? '';
  }

  /** The texts of one user are not for the next one on the device. */
  #keyOf(room: string): string {
    return `${this.#userId() ?? ''}:${room}`;
  }
}
