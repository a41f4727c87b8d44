import type { EncodedMessage } from '@nestwire/protocol/codec';
import { isCount, isTypeName } from '../connection/untrusted.js';

const VERSION = 1;

/** The most messages that one envelope holds. */
export const MAX_ENVELOPE_MESSAGES = 256;

/** The most bytes of messages in one envelope, unless it holds a single one. */
export const MAX_ENVELOPE_BYTES = 65_536;

/** The most bytes of the header before the messages. */
// A message name has at most 128 characters, and JSON escapes use at most six bytes for each.
export const MAX_HEADER_BYTES = MAX_ENVELOPE_MESSAGES * 1_024;

/** A message with the size of its text, in bytes of UTF-8. */
export interface SizedMessage extends EncodedMessage {
  readonly bytes: number;
}

/**
 * The encoding of ephemeral messages in Redis pub/sub.
 *
 * A line of JSON contains the version, the origin, and the type and byte length of each message. The texts
 * follow without separators. No text can imitate another message, and a malformed text does not affect
 * its neighbours.
 */
export class Envelope {
  private readonly start: string;
  private readonly ownStart: Buffer;
  private readonly maxBytes: number;

  /** @param maxMessageBytes the limit of one message */
  constructor(origin: string, maxMessageBytes: number) {
    this.start = `{"v":${VERSION},"origin":${JSON.stringify(origin)},"messages":[`;
    this.ownStart = Buffer.from(this.start);
    this.maxBytes = MAX_HEADER_BYTES + Math.max(MAX_ENVELOPE_BYTES, maxMessageBytes);
  }

  /** Returns true when this process wrote the envelope. */
  isOwn(payload: Buffer): boolean {
    const { length } = this.ownStart;
    return payload.length > length && payload.compare(this.ownStart, 0, length, 0, length) === 0;
  }

  /** Writes messages, in order. */
  write(messages: readonly SizedMessage[]): string {
    let index = '';
    let texts = '';
    for (const { type, data, bytes } of messages) {
      index += `${index && ','}[${JSON.stringify(type)},${bytes}]`;
      texts += data;
    }
    return `${this.start}${index}]}\n${texts}`;
  }

  /**
   * Decodes the messages of an untrusted payload in order, without parsing their texts.
   *
   * Unknown header fields are ignored, so that versions can run side by side.
   *
   * @throws {Error} when the payload is malformed or its version is unknown
   */
  open(payload: Buffer): SizedMessage[] {
    if (payload.length > this.maxBytes) throw new Error('it is larger than maxMessageBytes permits');
    let end = payload.indexOf(NEWLINE) + 1;
    const messages: SizedMessage[] = [];
    for (const [type, bytes] of entriesOf(payload.toString('utf8', 0, end))) {
      // Decode each text separately: a slice of one string would keep all neighbours in memory.
      messages.push({ type, data: payload.toString('utf8', end, end + bytes), bytes });
      end += bytes;
    }
    if (end !== payload.length) throw new Error('the sizes in its header do not match its messages');
    return messages;
  }
}

const NEWLINE = 0x0a;

type Entry = readonly [type: string, bytes: number, ...unknown[]];

function entriesOf(line: string): readonly Entry[] {
  const header = JSON.parse(line) as { v?: unknown; messages?: unknown } | null;
  if (header?.v !== VERSION) throw new Error(`its version ${String(header?.v).slice(0, 16)} is unknown`);
  if (!isList(header.messages)) throw new Error('its header lacks the type or the size of a message');
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
