import { noteRead } from './device-view.mjs';

const EMOJIS = ['👍', '🎉', '👀'];
const QUOTES = 0.2;

/** Posts, changes and reads messages of a room or a thread at random. */
export class DeviceMessages {
  #device;

  /** @param {import('./device.mjs').Device} device */
  constructor(device) {
    this.#device = device;
  }

  /**
   * @param {import('@nestwire/chat/client').ChatTimeline} timeline
   * @param {() => number} random
   */
  act(timeline, random) {
    const pick = (/** @type {readonly any[]} */ all) => all[Math.floor(random() * all.length)];
    const stored = timeline.get().items.filter(({ state }) => state === 'stored');
    const present = stored.filter(({ message }) => message.deletedAt === null);
    const own = present.filter(({ message }) => message.author?.id === this.#device.user);
    const chance = random();
    if (chance < 0.45 || stored.length === 0)
      this.#post(timeline, random() < QUOTES ? pick(present)?.message.seq : undefined);
    else if (chance < 0.6 && own.length) this.#edit(timeline, pick(own).message.seq);
    else if (chance < 0.75) this.#react(timeline, pick(stored).message.seq, pick(EMOJIS));
    else if (chance < 0.96) this.#read(timeline, pick(stored).message.seq);
    else if (own.length) this.#remove(timeline, pick(own).message.seq);
  }

  #post(timeline, replyTo) {
    const text = this.#device.newText();
    this.#device.post(timeline, { text, ...(replyTo !== undefined && { replyTo }) });
  }

  #edit(timeline, seq) {
    const text = this.#device.newText();
    const edit = { channel: timeline.channelId, seq, text, isAcknowledged: false };
    this.#device.ledger.edits.push(edit);
    timeline.edit(seq, { text }).then(
      () => (edit.isAcknowledged = true),
      () => undefined,
    );
  }

  #react({ channelId: channel, react }, seq, emoji) {
    react(seq, emoji, true).then(
      () => this.#device.ledger.reactions.push({ channel, seq, emoji }),
      () => undefined,
    );
  }

  #remove({ channelId: channel, remove }, seq) {
    remove(seq).then(
      () => this.#device.ledger.deletions.push({ channel, seq }),
      () => undefined,
    );
  }

  #read(timeline, seq) {
    timeline.markRead(seq);
    noteRead(this.#device.ledger, timeline, seq);
  }
}
