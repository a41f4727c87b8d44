import { create } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import { ChatLoadEntry } from '../wire/list-requests.js';
import type { ChatClock, ChatStreamClient } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** Loads the own entry of a channel after events that may be missing. */
export class EntryRefresh {
  #asks = 0;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  readonly #parts: { readonly client: ChatStreamClient; readonly clock: ChatClock };
  readonly #channelId: string;
  readonly #take: (entry: ChannelEntry) => void;

  constructor(
    parts: { readonly client: ChatStreamClient; readonly clock: ChatClock },
    channelId: string,
    take: (entry: ChannelEntry) => void,
  ) {
    this.#parts = parts;
    this.#channelId = channelId;
    this.#take = take;
  }

  /** Loads the entry, again after a failure that passes; an entry that is on its way is dropped. */
  ask(): void {
    this.stop();
    void this.#load(this.#asks);
  }

  /** Drops what was asked for. */
  stop(): void {
    this.#asks++;
    this.#cancelRetry?.();
  }

  async #load(ask: number): Promise<void> {
    const request = create(ChatLoadEntry, { channelId: this.#channelId });
    try {
      const { entry } = await this.#parts.client.chatUser.loadEntry(request);
      this.#failures = 0;
      if (ask === this.#asks) this.#take(entry);
    } catch (failure) {
      const error = codedError(failure);
      // A user who is no member has no entry.
      if (ask !== this.#asks || !isPassing(error)) return;
      this.#cancelRetry = this.#parts.clock.after(retryMs(this.#failures++, error), () => this.ask());
    }
  }
}
