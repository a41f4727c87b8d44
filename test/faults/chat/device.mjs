// A device of a user or a guest, with the headless client of the chat and a connection of its own.
import { CHAT_MESSAGES, createChat } from '@nestwire/chat/client';
import { createStreamClient } from '@nestwire/client';
import { issueToken } from '../authenticator.mjs';
import { Downloads } from './downloads.mjs';
import { DeviceFiles } from './device-files.mjs';
import { DeviceMessages } from './device-messages.mjs';
import { DeviceThreads } from './device-threads.mjs';
import { DeviceTrespass } from './device-trespass.mjs';
import { emptyLedger, viewOf } from './device-view.mjs';

const FOREVER_MS = 3_600_000;
/** More messages than a run has. */
const MAX_ITEMS = 10_000;
const MAX_PENDING = 5;
/** The shares of the subjects of actions; messages of channels have the rest. */
const SHARES = { threads: 0.3, files: 0.06, stops: 0.06, trespass: 0.04 };

/** A device with a room for each channel, and a ledger of what it did and what was acknowledged. */
export class Device {
  ledger = emptyLedger();
  /** @type {import('@nestwire/chat/client').ChatRoom[]} */
  rooms = [];
  #client;
  #chat;
  #messages = new DeviceMessages(this);
  #threads = new DeviceThreads();
  #files = new DeviceFiles(this);
  #trespass;
  #downloads;
  #count = 0;

  /** @param {{ name: string, user?: string, url: string }} place without a user, the device is one of a guest */
  constructor({ name, user, url }) {
    this.name = name;
    this.user = user;
    this.#downloads = new Downloads(url.replace(/^ws(.*)\/streams$/, 'http$1'));
    this.#client = createStreamClient()({
      url,
      messages: /** @type {any} */ (CHAT_MESSAGES),
      ...(user !== undefined && { auth: () => issueToken(user, FOREVER_MS) }),
      minRetryMs: 50,
      maxRetryMs: 500,
      onWarning: () => undefined,
    });
    this.#chat = createChat(/** @type {any} */ (this.#client), {
      user: () => (this.user === undefined ? null : { id: this.user, name: this.user }),
      maxItems: MAX_ITEMS,
    });
    this.#trespass = new DeviceTrespass(this.#chat);
    void this.#client.connectWebSocket().catch(() => undefined);
  }

  /** Creates the channel in which a guest asks for support. */
  async createChannel(/** @type {string} */ id) {
    await this.#client.connectWebSocket();
    await this.#chat.create({ id, type: 'support' });
  }

  /**
   * Opens the rooms of the user, and tries to open those of others.
   *
   * @param {{ user: string, channels: readonly string[], forbidden: readonly string[] }} place
   */
  enter({ user, channels, forbidden }) {
    this.user = user;
    this.rooms = channels.map((id) => this.#chat.channel(id));
    for (const store of [this.#chat.list, ...this.rooms]) store.subscribe(() => undefined);
    this.#trespass.enter(forbidden);
  }

  get isLive() {
    return [this.#chat.list, ...this.rooms].every((store) => store.get().status === 'live');
  }

  /** True while many of its posts wait, so that a slow machine gets no more work than it does. */
  get isBusy() {
    const items = this.rooms.flatMap((room) => room.get().items);
    return items.filter(({ state }) => state === 'pending').length > MAX_PENDING;
  }

  /** Does one thing at random. */
  act(random) {
    const room = this.rooms[Math.floor(random() * this.rooms.length)];
    let chance = random();
    const isNext = (/** @type {number} */ share) => (chance -= share) < 0;
    if (isNext(SHARES.threads)) this.#messages.act(this.#threads.choose(room, random), random);
    else if (isNext(SHARES.files)) this.#files.act(room, random);
    else if (isNext(SHARES.stops)) this.#stop(room, random);
    else if (isNext(SHARES.trespass)) this.#trespass.act(this.ledger, random);
    else this.#messages.act(room, random);
  }

  /** Posts a message with one file. */
  upload(bytes) {
    this.#files.upload(this.rooms[0], bytes);
  }

  /** Returns a text that no other message has. */
  newText() {
    return `${this.name} ${++this.#count}`;
  }

  /** Posts a message in a room or a thread, and writes it down. */
  post(timeline, message, more = {}) {
    const clientId = timeline.post(message);
    const { channelId: channel, threadSeq } = timeline;
    const post = { channel, clientId, text: message.text, threadSeq, replyTo: message.replyTo ?? null };
    const record = { ...post, files: [], isDiscarded: false, ...more };
    this.ledger.posts.push(record);
    return record;
  }

  /** Returns what the device shows and may see, with its ledger. */
  async snapshot() {
    const { name, user, ledger, rooms } = this;
    const timelines = [...rooms, ...this.#threads.open];
    return {
      ...{ name, user, ledger },
      rooms: rooms.map(viewOf),
      threads: this.#threads.open.map(viewOf),
      followed: await this.#threads.followed(rooms),
      entries: this.#entries(),
      downloads: await this.#downloads.of(timelines),
      trespass: await this.#trespass.snapshot(),
    };
  }

  async close() {
    this.#chat.close();
    await this.#client.close();
  }

  /** Stops a message that grows; the user may not have the right. */
  #stop(room, random) {
    const growing = room.get().items.filter(({ message }) => message.growth?.isGrowing);
    const item = growing[Math.floor(random() * growing.length)];
    if (item) room.stopGrowth(item.message.seq).catch(() => undefined);
  }

  #entries() {
    return this.#chat.list.get().entries.map(({ channel, membership, unreadCount }) => ({
      channel: channel.id,
      lastSeq: channel.lastSeq,
      readSeq: membership.readSeq,
      unreadCount,
    }));
  }
}
