import type { ChatStorage } from '@nestwire/chat/client';

/** A part of a storage of the browser, for one user alone. */
export class UserStorage implements ChatStorage {
  private readonly prefix: string;

  /** Opens the entries of a user under the name of their kind, as in `drafts`. */
  constructor(
    private readonly storage: Storage,
    kind: string,
    userId: string,
  ) {
    this.prefix = `nestwire-chat.${kind}.${encodeURIComponent(userId)}:`;
  }

  /** The number of the entries of the user. */
  get length(): number {
    return this.keys().length;
  }

  key(index: number): string | null {
    return this.keys()[index]?.slice(this.prefix.length) ?? null;
  }

  getItem(key: string): string | null {
    return this.storage.getItem(this.prefix + key);
  }

  setItem(key: string, value: string): void {
    this.storage.setItem(this.prefix + key, value);
  }

  removeItem(key: string): void {
    this.storage.removeItem(this.prefix + key);
  }

  /** Removes all entries of the user. */
  clear(): void {
    for (const key of this.keys()) this.storage.removeItem(key);
  }

  private keys(): string[] {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at)!);
    return keys.filter((key) => key.startsWith(this.prefix)).toSorted();
  }
}
