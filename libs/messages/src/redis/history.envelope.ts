import type { StoredMessage } from '../backend/history.backend.js';
import { MAX_HEADER_BYTES, MAX_ENVELOPE_BYTES } from './envelope.js';

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
 * Takes out the messages that were stored together, in order.
 *
 * What the script publishes is a line of JSON with the version, the epoch, the first offset, the id before
 * it, and of each message its id, its type and its bytes; then the texts, one behind the other. Fields
 * that are not known are ignored, so that versions can run side by side.
 *
 * @param maxMessageBytes the largest message that anyone may send
 * @throws {Error} when it is not of a version known here
 */
export function openStored(payload: Buffer, maxMessageBytes: number): StoredMessage[] {
  if (payload.length > MAX_HEADER_BYTES + Math.max(MAX_ENVELOPE_BYTES, maxMessageBytes))
    throw new Error('it is larger than any that maxMessageBytes permits');
  let end = payload.indexOf(NEWLINE) + 1;
  const { e: epoch, o, p, m } = headerOf(payload.toString('utf8', 0, end));
  let previousId = p;
  const messages = m.map(([id, type, bytes], index) => {
    const data = payload.toString('utf8', end, end + bytes);
    const message = { epoch, offset: o + index, id, previousId, type, data };
    end += bytes;
    previousId = id;
    return message;
  });
  if (end !== payload.length) throw new Error('the sizes in its header are not those of its messages');
  return messages;
}

function headerOf(line: string): Header {
  const header = JSON.parse(line) as Readonly<Record<string, unknown>> | null;
  if (header?.['v'] !== VERSION)
    throw new Error(`its version ${String(header?.['v']).slice(0, 16)} is not known here`);
  if (!isHeader(header))
    throw new Error('its header does not give the position and the size of each message');
  return header;
}

function isHeader(header: object): header is Header {
  const { e, o, p, m } = header as Partial<Header>;
  return (
    typeof e === 'string' &&
    Number.isSafeInteger(o) &&
    o! > 0 &&
    typeof p === 'string' &&
    Array.isArray(m) &&
    m.length > 0 &&
    m.every(isEntry)
  );
}

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false;
  const [id, type, bytes] = entry as unknown[];
  return (
    typeof id === 'string' &&
    typeof type === 'string' &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) >= 0
  );
}
