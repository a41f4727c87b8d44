import type { ChatStorage } from './chat-client.js';

/**
 * The texts of a storage whose names begin with a prefix.
 *
 * A storage that is full or forbidden keeps nothing; one warning reports it.
 */
export class KeptTexts {
  readonly #storage: ChatStorage | undefined;
  readonly #prefix: string;
  #warn: ((text: string, cause: unknown) => void) | undefined;

  constructor(
    storage: ChatStorage | undefined,
    prefix: string,
    onWarning: (text: string, cause: unknown) => void,
  ) {
    this.#storage = storage;
    this.#prefix = `nestwire.chat.${prefix}:`;
    this.#warn = onWarning;
  }

  /** Returns a text; undefined without one. */
  get(name: string): string | undefined {
    return this.#attempt((storage) => storage.getItem(this.#prefix + name)) ?? undefined;
  }

  /** Keeps a text; an empty one is removed. */
  set(name: string, text: string): void {
    const key = this.#prefix + name;
    this.#attempt((storage) => (text ? storage.setItem(key, text) : storage.removeItem(key)));
  }

  /** Returns the names of the texts. */
  names(): string[] {
    const keys = this.#attempt((storage) =>
      Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? ''),
    );
    return (keys ?? []).flatMap((key) =>
      key.startsWith(this.#prefix) ? [key.slice(this.#prefix.length)] : [],
    );
  }

  #attempt<T>(work: (storage: ChatStorage) => T): T | undefined {
    try {
      return this.#storage && work(this.#storage);
    } catch (cause) {
      this.#warn?.('nestwire: the storage keeps no drafts and posts', cause);
      this.#warn = undefined;
      return undefined;
    }
  }
}
