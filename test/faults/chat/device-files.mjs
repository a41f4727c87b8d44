import { createHash, randomBytes } from 'node:crypto';

const MAX_BYTES = 300_000;
const DISCARDS = 0.15;
const MAX_FILES = 3;

/** Posts messages with files. */
export class DeviceFiles {
  #device;

  /** @param {import('./device.mjs').Device} device */
  constructor(device) {
    this.#device = device;
  }

  /**
   * Posts a message with some files, or gives it up while they are sent.
   *
   * @param {import('@nestwire/chat/client').ChatRoom} room
   * @param {() => number} random
   */
  act(room, random) {
    const sizes = Array.from({ length: 1 + Math.floor(random() * MAX_FILES) }, () => random() ** 3);
    const post = this.#post(
      room,
      sizes.map((size) => 1 + Math.floor(size * MAX_BYTES)),
    );
    if (random() < DISCARDS) this.#discard(room, post);
  }

  /**
   * Posts a message with one file.
   *
   * @param {import('@nestwire/chat/client').ChatRoom} room
   * @param {number} bytes
   */
  upload(room, bytes) {
    this.#post(room, [bytes]);
  }

  #post(room, sizes) {
    const contents = sizes.map((size) => randomBytes(size));
    const files = contents.map((bytes, at) => new File([bytes], `file ${at}`));
    const hashes = contents.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
    return this.#device.post(room, { text: this.#device.newText(), files }, { files: hashes });
  }

  /** Gives up a message whose files are on their way, so that it cannot have been sent. */
  #discard(room, post) {
    const leave = room.subscribe(() => {
      const item = room.get().items.find(({ key }) => key === post.clientId);
      if (!item || !('upload' in item) || !item.upload) return leave();
      if (item.upload.sent === 0) return;
      leave();
      post.isDiscarded = true;
      room.discard(post.clientId);
    });
  }
}
