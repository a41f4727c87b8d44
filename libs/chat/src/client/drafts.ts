import type { Store } from '@nestwire/client/store';
import type { ChatStorage } from './chat-client.js';

const PREFIX = 'nestwire.chat.draft:';
/** The most drafts that are kept without a storage. */
const MAX_DRAFTS = 200;

/** The texts that the user has not posted yet, by room. */
export class Drafts {
  private readonly texts = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(private readonly storage: ChatStorage | undefined) {}

  /** Returns the store of the draft of a room. */
  store(room: string): Store<string> {
    return {
      initial: '',
      get: () => this.get(room),
      subscribe: (onChange) => {
        const listener = (): void => onChange();
        const ofRoom = this.listeners.get(room) ?? new Set();
        this.listeners.set(room, ofRoom.add(listener));
        return () => {
          ofRoom.delete(listener);
          if (!ofRoom.size) this.listeners.delete(room);
        };
      },
    };
  }

  get(room: string): string {
    return this.texts.get(room) ?? this.read(room) ?? '';
  }

  set(room: string, text: string): void {
    this.texts.delete(room);
    this.texts.set(room, text);
    if (this.texts.size > MAX_DRAFTS) this.texts.delete(this.texts.keys().next().value!);
    this.write(room, text);
    for (const listener of [...(this.listeners.get(room) ?? [])]) listener();
  }

  private read(room: string): string | null | undefined {
    try {
      return this.storage?.getItem(PREFIX + room);
    } catch {
      return undefined;
    }
  }

  /** A storage that is full or forbidden keeps nothing; the draft remains in memory. */
  private write(room: string, text: string): void {
    try {
      if (text) this.storage?.setItem(PREFIX + room, text);
      else this.storage?.removeItem(PREFIX + room);
    } catch {
      return;
    }
  }
}
