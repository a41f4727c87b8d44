import type { CodedError, Message } from '@nestwire/protocol';
import type { ChatClock, ChatStreamClient } from './chat-client.js';
import { StreamReading, type StreamOwner } from './stream-reading.js';

/** Reads the stream of the user once for all that need it. */
export class UserFeed {
  private readonly owners = new Set<StreamOwner>();
  private readonly reading: StreamReading;
  private isOpen = false;

  constructor(client: ChatStreamClient, clock: ChatClock) {
    const tell = (call: (owner: StreamOwner) => void): void => [...this.owners].forEach(call);
    this.reading = new StreamReading(client, client.chatUser, {
      clock,
      owner: {
        opened: () => {
          this.isOpen = true;
          tell((owner) => owner.opened());
        },
        message: (message: Message) => tell((owner) => owner.message(message)),
        lost: () => {
          this.isOpen = false;
          tell((owner) => owner.lost());
        },
        ended: (error: CodedError) => {
          this.isOpen = false;
          tell((owner) => owner.ended(error));
        },
      },
    });
  }

  /** Adds an owner; the first one opens the stream. */
  add(owner: StreamOwner): void {
    this.owners.add(owner);
    if (this.owners.size === 1) this.reading.start();
    else if (this.isOpen) owner.opened();
  }

  /** Removes an owner; the stream closes with the last one. */
  remove(owner: StreamOwner): void {
    if (!this.owners.delete(owner) || this.owners.size) return;
    this.reading.stop();
    this.isOpen = false;
  }
}
