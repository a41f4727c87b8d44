import type { ChatDatabase, Queries } from '../database/chat-database.js';
import type { ChatTransaction } from '../database/caller-transaction.js';

/** The options of a change. */
export interface ChatChangeOptions {
  /** A transaction of the application that has the change; without it, the chat uses its own. */
  readonly tx?: ChatTransaction;
}

/** Runs changes in a transaction, and tells the relay when one is stored. */
export class ChatWork {
  private readonly listeners = new Set<() => void>();

  constructor(private readonly database: ChatDatabase) {}

  /** Calls the function after each change that this process has committed; returns the function that removes it. */
  onCommitted(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Runs queries that change nothing. */
  read<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.database.read(work);
  }

  /** Runs a change; a change in a transaction of the application is published after the application commits. */
  async change<T>(work: (queries: Queries) => Promise<T>, { tx }: ChatChangeOptions = {}): Promise<T> {
    const result = await this.database.transaction(work, tx);
    if (!tx) for (const listener of this.listeners) listener();
    return result;
  }
}
