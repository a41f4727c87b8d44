import { create } from '@nestwire/protocol';
import type { ChannelEntry } from '../channels/channel-entry.js';
import { ChatLoadEntry } from '../wire/list-requests.js';
import type { ChatClock, ChatStreamClient } from './chat-client.js';
import { codedError, isPassing, retryMs } from './retry.js';

/** Loads the own entry of a channel after events that may be missing. */
export class EntryRefresh {
  private isWanted = false;
  private isRunning = false;
  private stops = 0;
  private failures = 0;
  private cancelRetry: (() => void) | undefined;

  constructor(
    private readonly parts: { readonly client: ChatStreamClient; readonly clock: ChatClock },
    private readonly channelId: string,
    private readonly take: (entry: ChannelEntry) => void,
  ) {}

  /** Loads the entry; a call while one is on its way loads it once more. */
  ask(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.isWanted = true;
    if (!this.isRunning) void this.run();
  }

  /** Ends what was asked for; an entry that is on its way is dropped. */
  stop(): void {
    this.stops++;
    this.isWanted = false;
    this.cancelRetry?.();
    this.cancelRetry = undefined;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.isWanted) {
      this.isWanted = false;
      await this.load();
    }
    this.isRunning = false;
  }

  private async load(): Promise<void> {
    const { stops } = this;
    const request = create(ChatLoadEntry, { channelId: this.channelId });
    try {
      const { entry } = await this.parts.client.chatUser.loadEntry(request);
      if (stops === this.stops) this.take(entry);
      this.failures = 0;
    } catch (failure) {
      const error = codedError(failure);
      // A user who is no member has no entry.
      if (stops !== this.stops || !isPassing(error)) return;
      this.cancelRetry = this.parts.clock.after(retryMs(this.failures++, error), () => this.ask());
    }
  }
}
