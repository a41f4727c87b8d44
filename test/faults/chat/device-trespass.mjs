import { viewOf } from './device-view.mjs';

/** A part of each text of a run. */
const ANY_TEXT = 'r';

/** Tries to read and change channels of others. */
export class DeviceTrespass {
  #chat;
  /** @type {import('@nestwire/chat/client').ChatRoom[]} */
  #rooms = [];

  /** @param {import('@nestwire/chat/client').Chat} chat */
  constructor(chat) {
    this.#chat = chat;
  }

  /** @param {readonly string[]} channels those of others */
  enter(channels) {
    this.#rooms = channels.map((id) => this.#chat.channel(id));
    for (const room of this.#rooms) room.subscribe(() => undefined);
  }

  /**
   * Tries one thing; the ledger gets it if it is permitted.
   *
   * @param {import('./device-view.mjs').Ledger} ledger
   * @param {() => number} random
   */
  act(ledger, random) {
    const room = this.#rooms[Math.floor(random() * this.#rooms.length)];
    if (!room) return;
    const attempts = {
      react: () => room.react(1, '👎', true),
      edit: () => room.edit(1, { text: 'forged' }),
      remove: () => room.remove(1),
      loadThreads: () => room.loadThreads(),
      loadMembers: () => room.loadMembers(),
      loadVersions: () => room.loadVersions(1),
      join: () => this.#chat.join(room.channelId),
    };
    const [name, attempt] = Object.entries(attempts)[Math.floor(random() * Object.keys(attempts).length)];
    attempt().then(
      () => ledger.trespasses.push(`${name} in ${room.channelId}`),
      () => undefined,
    );
  }

  /** Returns the views of the channels of others, and the channels that a search finds. */
  async snapshot() {
    const { messages } = await this.#chat.search(ANY_TEXT);
    return {
      rooms: this.#rooms.map(viewOf),
      found: [...new Set(messages.map(({ channelId }) => channelId))],
    };
  }
}
