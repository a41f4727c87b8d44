import type { EncodedMessage } from '@nestwire/protocol/codec';
import { isCount, isTypeName } from '../connection/untrusted.js';

const VERSION = 1;

/** The most messages that one envelope holds. */
export const MAX_ENVELOPE_MESSAGES = 256;

/** The most bytes of messages in one envelope, unless it holds a single one. */
export const MAX_ENVELOPE_BYTES = 65_536;

/** The most bytes of what stands before the messages. */
// The name of a message has at most 128 characters, of six bytes each when JSON escapes all of them.
export const MAX_HEADER_BYTES = MAX_ENVELOPE_MESSAGES * 1_024;

/** A message with the size of its text, in bytes of UTF-8. */
export interface SizedMessage extends EncodedMessage {
  readonly bytes: number;
}

/**
 * What surrounds the messages of a channel on their way through Redis.
 *
 * A line of JSON with the version, the origin, and the type and the bytes of each message; then the
 * texts of the messages, one behind the other. No text can pass for another message, whatever it
 * holds, and one that is broken costs its neighbours nothing.
 */
export class Envelope {
  readonly #start: string;
  readonly #ownStart: Buffer;
  readonly #maxBytes: number;

  /** @param maxMessageBytes the largest message that anyone may send */
  constructor(origin: string, maxMessageBytes: number) {
    this.#start = `{"v":${VERSION},"origin":${JSON.stringify(origin)},"messages":[`;
    this.#ownStart = Buffer.from(this.#start);
    this.#maxBytes = MAX_HEADER_BYTES + Math.max(MAX_ENVELOPE_BYTES, maxMessageBytes);
  }

  /** Tells whether this process wrote the envelope. */
  isOwn(payload: Buffer): boolean {
    const { length } = this.#ownStart;
    return payload.length > length && payload.compare(this.#ownStart, 0, length, 0, length) === 0;
  }

  /** Writes messages, in order. */
  write(messages: readonly SizedMessage[]): string {
    let index = '';
    let texts = '';
    for (const { type, data, bytes } of messages) {
      index += `${index && ','}[${JSON.stringify(type)},${bytes}]`;
      texts += data;
    }
    return `${this.#start}${index}]}\n${texts}`;
  }

  /**
   * Takes out the messages that anyone may have put in, in order; their texts are not yet looked at.
   *
   * Fields of the header that are not known are ignored, so that versions can run side by side.
   *
   * @throws {Error} when it is not an envelope of a version known here
   */
  open(payload: Buffer): SizedMessage[] {
    if (payload.length > this.#maxBytes)
      throw new Error('it is larger than any that maxMessageBytes permits');
    let end = payload.indexOf(NEWLINE) + 1;
    const messages: SizedMessage[] = [];
    for (const [type, bytes] of entriesOf(payload.toString('utf8', 0, end))) {
      // Each text apart, not a slice of one: who keeps a message keeps nothing of its neighbours.
      messages.push({ type, data: payload.toString('utf8', end, end + bytes), bytes });
      end += bytes;
    }
    if (end !== payload.length) throw new Error('the sizes in its header are not those of its messages');
    return messages;
  }
}

const NEWLINE = 0x0a;

type Entry = readonly [type: string, bytes: number, ...unknown[]];

function entriesOf(line: string): readonly Entry[] {
  const header = JSON.parse(line) as { v?: unknown; messages?: unknown } | null;
  if (header?.v !== VERSION)
    throw new Error(`its version ${String(header?.v).slice(0, 16)} is not known here`);
  if (!isList(header.messages))
    throw new Error('its header does not give the type and the size of each message');
  return header.messages;
}

function isList(messages: unknown): messages is readonly Entry[] {
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > MAX_ENVELOPE_MESSAGES)
    return false;
  return messages.every(isEntry);
}

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const [type, bytes] = entry as unknown[];
  return isTypeName(type) && isCount(bytes);
}
