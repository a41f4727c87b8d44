import type { Subscription } from '@nestwire/messages';
import { CodedError } from '@nestwire/protocol';
import { InjectStreamSession, SessionScoped, type OnSessionClosed } from '@nestwire/streams';
import { ChatDirectory } from '../directory/chat.directory.js';
import { room, type ChatSession } from './chat.channels.js';

const MAX_ROOMS = 20;

/** One open tab: the rooms that it is in. Nest makes one for each session. */
@SessionScoped()
export class Visitor implements OnSessionClosed {
  readonly #rooms = new Map<string, Subscription>();

  constructor(
    @InjectStreamSession() private readonly session: ChatSession,
    private readonly directory: ChatDirectory,
  ) {}

  /** Tells whether the tab is in this room. */
  isIn(name: string): boolean {
    return this.#rooms.has(name);
  }

  /**
   * Lets a room flow to the tab; resolves when it does.
   *
   * @throws {CodedError} TOO_MANY_ROOMS above 20
   */
  async join(name: string): Promise<void> {
    if (this.#rooms.has(name)) return;
    if (this.#rooms.size >= MAX_ROOMS)
      throw new CodedError('TOO_MANY_ROOMS', `Leave a room first: ${MAX_ROOMS} at a time is the limit.`);
    this.#rooms.set(name, await this.session.subscribe(room(name)));
    this.#tellDirectory();
  }

  /** Stops a room. */
  leave(name: string): void {
    this.#rooms.get(name)?.remove();
    this.#rooms.delete(name);
    this.#tellDirectory();
  }

  onSessionClosed(): void {
    this.directory.remove(this.session.id);
  }

  #tellDirectory(): void {
    this.directory.set(this.session.id, { name: this.session.user.id, rooms: [...this.#rooms.keys()] });
  }
}
