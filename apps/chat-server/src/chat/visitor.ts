import type { Subscription } from '@nestwire/messages';
import { CodedError } from '@nestwire/protocol';
import { InjectStreamSession, SessionScoped, type OnSessionClosed } from '@nestwire/streams';
import { ChatDirectory } from '../directory/chat-directory.js';
import { room, type ChatSession } from './chat-channels.js';

const MAX_ROOMS = 20;

/** One open tab and its rooms; Nest makes one instance per session. */
@SessionScoped()
export class Visitor implements OnSessionClosed {
  readonly #rooms = new Map<string, Subscription>();

  constructor(
    @InjectStreamSession() private readonly session: ChatSession,
    private readonly directory: ChatDirectory,
  ) {}

  /** Returns true when the tab is in this room. */
  isIn(name: string): boolean {
    return this.#rooms.has(name);
  }

  /**
   * Subscribes the tab to a room.
   *
   * @throws {CodedError} TOO_MANY_ROOMS above 20
   */
  async join(name: string): Promise<void> {
    if (this.#rooms.has(name)) return;
    if (this.#rooms.size >= MAX_ROOMS)
      throw new CodedError('TOO_MANY_ROOMS', `You can be in at most ${MAX_ROOMS} rooms. Leave one first.`);
    this.#rooms.set(name, await this.session.subscribe(room(name)));
    this.#tellDirectory();
  }

  /** Leaves a room. */
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
