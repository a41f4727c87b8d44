import type { EncodedMessage } from '@nestwire/protocol';

const VERSION = 1;

/**
 * What surrounds a message on its way through Redis.
 *
 * A line of JSON with the version, the origin and the type; then the message's own text.
 */
export class Envelope {
  readonly #start: string;

  constructor(origin: string) {
    this.#start = `{"v":${VERSION},"origin":${JSON.stringify(origin)},`;
  }

  /** Tells whether this process wrote the text. */
  isOwn(text: string): boolean {
    return text.startsWith(this.#start);
  }

  /** Writes a message. */
  write({ type, data }: EncodedMessage): string {
    return `${this.#start}"type":${JSON.stringify(type)}}\n${data}`;
  }

  /**
   * Reads a message that anyone may have written.
   *
   * Fields of the header that are not known are ignored, so that versions can run side by side.
   *
   * @throws {Error} when it is not a message of a version known here
   */
  read(text: string): EncodedMessage {
    const end = text.indexOf('\n');
    const header = JSON.parse(text.slice(0, Math.max(end, 0))) as { v?: unknown; type?: unknown } | null;
    if (header?.v !== VERSION)
      throw new Error(`its version ${String(header?.v).slice(0, 16)} is not known here`);
    if (typeof header.type !== 'string') throw new Error('it has no type');
    const data = text.slice(end + 1);
    const properties: unknown = JSON.parse(data);
    if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
      throw new Error('it has no properties');
    return { type: header.type, data };
  }
}
