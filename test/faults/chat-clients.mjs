// Devices of users of the chat under faults, each with the headless client of the chat and a connection of its own.
// Told by their parent what to do; they use the built packages.
import 'reflect-metadata';
import { CHAT_MESSAGES, createChat } from '@nestwire/chat/client';
import { createStreamClient } from '@nestwire/client';
import { setTimeout as wait } from 'node:timers/promises';
import { answerParent } from '../rig/child.mjs';
import { issueToken } from './authenticator.mjs';
import { randomFrom } from './random.mjs';

const FOREVER_MS = 3_600_000;
const EMOJIS = ['👍', '🎉', '👀'];
/** The longest rest of a device between two actions, in milliseconds. */
const REST_MS = 400;
/** More messages than a run has. */
const MAX_ITEMS = 10_000;

/** A device with a room for each channel, and a ledger of what it did and what was acknowledged. */
class Device {
  /** @type {{ channel: string, clientId: string, text: string }[]} */
  posts = [];
  /** @type {{ channel: string, seq: number, text: string, isAcknowledged: boolean }[]} */
  edits = [];
  /** @type {{ channel: string, seq: number, emoji: string }[]} the acknowledged ones */
  reactions = [];
  /** @type {{ channel: string, seq: number }[]} the acknowledged ones */
  deletions = [];
  /** @type {Record<string, number>} the furthest pointer of each channel */
  reads = {};
  #client;
  #chat;
  #rooms;
  #count = 0;

  constructor({ name, user, url, channels }) {
    this.name = name;
    this.user = user;
    this.#client = createStreamClient()({
      url,
      messages: /** @type {any} */ (CHAT_MESSAGES),
      auth: () => issueToken(user, FOREVER_MS),
      minRetryMs: 50,
      maxRetryMs: 500,
      onWarning: () => undefined,
    });
    this.#chat = createChat(/** @type {any} */ (this.#client), {
      user: () => ({ id: user, name: user }),
      maxItems: MAX_ITEMS,
    });
    this.#rooms = channels.map((/** @type {string} */ id) => this.#chat.channel(id));
    for (const store of [this.#chat.list, ...this.#rooms]) store.subscribe(() => undefined);
    void this.#client.connectWebSocket().catch(() => undefined);
  }

  get isLive() {
    return [this.#chat.list, ...this.#rooms].every((store) => store.get().status === 'live');
  }

  /** Does one thing at random. */
  act(random) {
    const pick = (all) => all[Math.floor(random() * all.length)];
    const room = pick(this.#rooms);
    const stored = room.get().items.filter(({ state }) => state === 'stored');
    const own = stored.filter(({ message }) => message.author?.id === this.user && !message.deletedAt);
    const chance = random();
    if (chance < 0.45 || stored.length === 0) this.#post(room);
    else if (chance < 0.6 && own.length) this.#edit(room, pick(own).message.seq);
    else if (chance < 0.75) this.#react(room, pick(stored).message.seq, pick(EMOJIS));
    else if (chance < 0.96) this.#read(room, pick(stored).message.seq);
    else if (own.length) this.#remove(room, pick(own).message.seq);
  }

  /** Returns the views of the rooms and the entries, with the ledger. */
  snapshot() {
    const { name, user, posts, edits, reactions, deletions, reads } = this;
    const ledger = { posts, edits, reactions, deletions, reads };
    return { name, user, ledger, rooms: this.#rooms.map(viewOf), entries: this.#entries() };
  }

  async close() {
    this.#chat.close();
    await this.#client.close();
  }

  #entries() {
    return this.#chat.list.get().entries.map(({ channel, membership, unreadCount }) => ({
      channel: channel.id,
      lastSeq: channel.lastSeq,
      readSeq: membership.readSeq,
      unreadCount,
    }));
  }

  #post(room) {
    const text = `${this.name} ${++this.#count}`;
    this.posts.push({ channel: room.channelId, clientId: room.post({ text }), text });
  }

  #edit(room, seq) {
    const edit = {
      channel: room.channelId,
      seq,
      text: `${this.name} ${++this.#count}`,
      isAcknowledged: false,
    };
    this.edits.push(edit);
    room.edit(seq, { text: edit.text }).then(
      () => (edit.isAcknowledged = true),
      () => undefined,
    );
  }

  #react(room, seq, emoji) {
    room.react(seq, emoji, true).then(
      () => this.reactions.push({ channel: room.channelId, seq, emoji }),
      () => undefined,
    );
  }

  #remove(room, seq) {
    room.remove(seq).then(
      () => this.deletions.push({ channel: room.channelId, seq }),
      () => undefined,
    );
  }

  #read(room, seq) {
    room.markRead(seq);
    this.reads[room.channelId] = Math.max(this.reads[room.channelId] ?? 0, room.get().lastReadSeq);
  }
}

/** @type {Device[]} */
let devices = [];
let isWorking = false;
/** @type {Promise<unknown>} */
let working = Promise.resolve();

function viewOf(room) {
  const { status, error, items, unreadCount, lastReadSeq } = room.get();
  return {
    channel: room.channelId,
    status: error ? `${status} ${error.code}` : status,
    unreadCount,
    lastReadSeq,
    items: items.map(({ key, state, message, error: failure }) => ({
      key,
      state,
      code: failure?.code,
      message,
    })),
  };
}

/** Lets each device act at random until `rest`. */
function work({ seed }) {
  isWorking = true;
  working = Promise.all(
    devices.map(async (device, at) => {
      const random = randomFrom(seed * 100 + at);
      for (; isWorking; await wait(random() * REST_MS)) device.act(random);
    }),
  );
}

async function rest() {
  isWorking = false;
  await working;
}

async function open({ devices: wanted }) {
  devices = wanted.map((device) => new Device(device));
  while (!devices.every((device) => device.isLive)) await wait(20);
}

async function close() {
  await rest();
  await Promise.all(devices.map((device) => device.close()));
  devices = [];
}

answerParent({
  ...{ open, work, rest, close },
  snapshots: () => devices.map((device) => device.snapshot()),
});
