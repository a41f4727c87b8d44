import type { Store } from '@nestwire/client/store';
import type { ChatStorage } from './chat-client.js';

const PREFIX = 'nestwire.chat.draft:';
/** The most drafts that are kept without a storage. */
const MAX_DRAFTS = 200;

/** The texts that the user has not posted yet, by room. */
export class Drafts {
  private readonly texts = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(
    private readonly storage: ChatStorage | undefined,
    private readonly userId: () => string | null,
  ) {}

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
    const key = this.keyOf(room);
    return this.texts.get(key) ?? this.read(key) ?? '';
  }

  set(room: string, text: string): void {
    const key = this.keyOf(room);
    this.texts.delete(key);
    this.texts.set(key, text);
    if (this.texts.size > MAX_DRAFTS) this.texts.delete(this.texts.keys().next().value!);
    this.write(key, text);
    for (const listener of [...(this.listeners.get(room) ?? [])]) listener();
  }

  /** The texts of one user are not for the next one on the device. */
  private keyOf(room: string): string {
    return `${PREFIX}${this.userId() ?? ''}:${room}`;
  }

  private read(key: string): string | null | undefined {
    try {
      return this.storage?.getItem(key);
    } catch {
      return undefined;
    }
  }

  /** A storage that is full or forbidden keeps nothing; the draft remains in memory. */
  private write(key: string, text: string): void {
    try {
      if (text) this.storage?.setItem(key, text);
      else this.storage?.removeItem(key);
    } catch {
      return;
    }
  }
}
