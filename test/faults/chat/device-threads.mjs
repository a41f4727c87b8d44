/** The most threads of a room that a device opens. */
const MAX_THREADS = 3;
const NEW_THREADS = 0.3;
const PAGE = 100;

/** Opens threads at random. */
export class DeviceThreads {
  /** @type {Map<string, import('@nestwire/chat/client').ChatThread>} */
  #threads = new Map();

  /** The threads that the device shows. */
  get open() {
    return [...this.#threads.values()];
  }

  /**
   * Returns a thread of a room, or the room itself when it has no message that may begin one.
   *
   * @param {import('@nestwire/chat/client').ChatRoom} room
   * @param {() => number} random
   */
  choose(room, random) {
    const roots = room.get().items.filter(({ state, message }) => state === 'stored' && !message.deletedAt);
    const own = this.open.filter(({ channelId }) => channelId === room.channelId);
    const known = roots.filter(({ message }) => message.replyCount > 0);
    const isNew = own.length < MAX_THREADS && (own.length === 0 || random() < NEW_THREADS);
    if (!isNew) return own[Math.floor(random() * own.length)];
    const from = known.length && random() > NEW_THREADS ? known : roots;
    const root = from[Math.floor(random() * from.length)]?.message.seq;
    return root === undefined || root === null ? room : this.#thread(room, root);
  }

  /**
   * Loads the threads that the user follows.
   *
   * @param {readonly import('@nestwire/chat/client').ChatRoom[]} rooms
   */
  followed(rooms) {
    const load = async (/** @type {import('@nestwire/chat/client').ChatRoom} */ room) => {
      const { threads } = await room.loadThreads({ limit: PAGE });
      return threads.map(({ root, replyCount, unreadCount, readSeq }) => ({
        ...{ channel: room.channelId, threadSeq: root.seq, replyCount, unreadCount, readSeq },
      }));
    };
    return Promise.all(rooms.map(load)).then((all) => all.flat());
  }

  #thread(room, seq) {
    const key = `${room.channelId}/${seq}`;
    const thread = this.#threads.get(key) ?? room.thread(seq);
    if (!this.#threads.has(key)) thread.subscribe(() => undefined);
    this.#threads.set(key, thread);
    return thread;
  }
}
