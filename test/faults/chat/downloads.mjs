import { createHash } from 'node:crypto';

/** Downloads the files that a device shows, each once. */
export class Downloads {
  #origin;
  /** @type {Map<string, string>} */
  #hashes = new Map();

  /** @param {string} origin */
  constructor(origin) {
    this.#origin = origin;
  }

  /**
   * Returns the hashes of the files that timelines show, by the ids of the attachments; or why one has none.
   *
   * @param {readonly import('@nestwire/chat/client').ChatTimeline[]} timelines
   * @returns {Promise<Record<string, string>>}
   */
  async of(timelines) {
    const shown = timelines.flatMap((timeline) => timeline.get().items);
    const attachments = shown.flatMap(({ message }) => message.attachments);
    /** @type {Record<string, string>} */
    const hashes = {};
    for (const { id, url } of attachments) hashes[id] = await this.#hashOf(id, url);
    return hashes;
  }

  async #hashOf(id, url) {
    const known = this.#hashes.get(id);
    if (known) return known;
    try {
      const response = await fetch(this.#origin + url, { headers: { connection: 'close' } });
      if (!response.ok) return `status ${response.status}`;
      const hash = createHash('sha256')
        .update(new Uint8Array(await response.arrayBuffer()))
        .digest('hex');
      this.#hashes.set(id, hash);
      return hash;
    } catch (error) {
      return String(error);
    }
  }
}
