import type { StoredMessage } from '../../history/stored-message.js';
import { MAX_ENVELOPE_BYTES, MAX_ENVELOPE_MESSAGES, MAX_HEADER_BYTES } from '../pubsub/envelope.js';
import { isCount, isEpoch, isPositionId, isTypeName, readContent } from '../connection/untrusted.js';

const VERSION = 1;
const NEWLINE = 0x0a;

type Entry = readonly [id: string, type: string, bytes: number, ...unknown[]];

interface Header {
  readonly e: string;
  /** The offset of the first message. */
  readonly o: number;
  /** The id of the message before the first. */
  readonly p: string;
  readonly m: readonly Entry[];
}

/**
 * Decodes the messages that one publication stored, in order.
 *
 * The payload starts with a line of JSON: the version, the epoch, the first offset, the id before it, and
 * the id, type and byte length of each message. The texts follow without separators. Unknown fields are
 * ignored, so that versions can run side by side.
 *
 * Each text is parsed here, once in a process, even without a local listener: clients receive it unchanged,
 * so it must be readable.
 *
 * @param maxMessageBytes the limit of one message
 * @throws {Error} when the version is unknown or any message is malformed
 */
export function openStored(payload: Buffer, maxMessageBytes: number): StoredMessage[] {
  if (payload.length > MAX_HEADER_BYTES + Math.max(MAX_ENVELOPE_BYTES, maxMessageBytes))
    throw new Error('it is larger than maxMessageBytes permits');
  let end = payload.indexOf(NEWLINE) + 1;
  const { e: epoch, o, p, m } = headerOf(payload.toString('utf8', 0, end));
  let previousId = p;
  const messages = m.map(([id, type, bytes], index) => {
    const data = payload.toString('utf8', end, end + bytes);
    const properties = readContent({ type, data }, maxMessageBytes);
    const message = { epoch, offset: o + index, id, previousId, type, data, properties };
    end += bytes;
    previousId = id;
    return message;
  });
  if (end !== payload.length) throw new Error('the sizes in its header do not match its messages');
  return messages;
}

function headerOf(line: string): Header {
  const header = JSON.parse(line) as Readonly<Record<string, unknown>> | null;
  if (header?.['v'] !== VERSION)
    throw new Error(`its version ${String(header?.['v']).slice(0, 16)} is unknown`);
  if (!isHeader(header)) throw new Error('its header lacks the position or the size of a message');
  return header;
}

function isHeader(header: object): header is Header {
  const { e, o, p, m } = header as Partial<Header>;
  if (!Array.isArray(m) || m.length === 0 || m.length > MAX_ENVELOPE_MESSAGES || !m.every(isEntry))
    return false;
  return (
    isEpoch(e) && isCount(o) && o > 0 && isCount(o + m.length - 1) && (o === 1 ? p === '' : isPositionId(p))
  );
}

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const [id, type, bytes] = entry as unknown[];
  return isPositionId(id) && isTypeName(type) && isCount(bytes);
}
