import type { Draft, PageStart, Stored, StoredMessage } from '../../history/history-store.js';
import type { Position } from '../../history/position.js';
import type { HistoryPage } from '../../history/recovery.js';
import type { MessagesError } from '../../messages.error.js';
import { refused, uncertain } from '../connection/redis.errors.js';
import { isCount, isEpoch, isPlaceId, readContent } from '../connection/untrusted.js';

/** Returns why what an append stored was not published; empty when it was. */
export function missedBecause([, why = '']: readonly string[]): string {
  return why;
}

/**
 * Reads what the script answers to an append: one result a draft.
 *
 * @param attempt what the attempt was called
 *
 * @throws {MessagesError} UNAVAILABLE when none was stored
 * @throws {MessagesError} UNCERTAIN when it is no answer of the script
 */
export function resultsOf(
  reply: readonly string[],
  drafts: readonly Draft[],
  attempt: string,
): ReadonlyArray<Stored | MessagesError> {
  const [epoch = '', , ...replies] = reply;
  if (replies.length !== drafts.length) throw uncertain(malformed());
  if (replies.every((each) => each.startsWith('!'))) throw refused(refusalIn(reply)!);
  return replies.map((each, index) => {
    if (each.startsWith('!')) return refused(new Error(each.slice(1)));
    if (!each.startsWith('=')) return stored(epoch, each, `${drafts[index]!.id}~${attempt}`);
    const [itsEpoch = '', offset = '', id = ''] = each.slice(1).split(':');
    return { ...stored(itsEpoch, offset, id), isDuplicate: true };
  });
}

/** Returns the first refusal of a draft; undefined when there is none. */
export function refusalIn([, , ...replies]: readonly string[]): Error | undefined {
  const refusal = replies.find((each) => each.startsWith('!'));
  return refusal === undefined ? undefined : new Error(refusal.slice(1));
}

/** Tells whether a script answered with texts alone. */
export function isTexts(reply: unknown): reply is readonly string[] {
  return Array.isArray(reply) && reply.every((text) => typeof text === 'string');
}

/** What a page is read with. */
export interface PageReading {
  readonly start: PageStart;
  readonly maxMessageBytes: number;
  /** Is told of each entry that cannot be read. */
  readonly undecodable: (error: Error) => void;
}

/**
 * Reads what the script answers to a read.
 *
 * An entry that cannot be read is marked as unreadable, in its place.
 *
 * @throws {Error} when it is no answer of the script
 */
export function pageOf(reply: unknown, reading: PageReading): HistoryPage<StoredMessage> {
  if (!isTexts(reply)) throw malformed();
  const [epoch, offset, id = '', isCut, ...parts] = reply;
  const head = positionOf(epoch, offset, id);
  if (parts.length % PARTS !== 0) throw malformed();
  const messages: StoredMessage[] = [];
  for (let at = 0; at < parts.length; at += PARTS)
    messages.push(messageOf(head.epoch, parts.slice(at, at + PARTS), reading));
  return { head, messages: withPlaces(head, messages, reading.start), isCut: isCut === '1' };
}

/** Of each entry: the id in the stream, its id, the id before it, its type and its text. */
const PARTS = 5;

function messageOf(
  epoch: string,
  [entryId = '', id = '', previousId = '', type = '', data = '']: readonly string[],
  { maxMessageBytes, undecodable }: PageReading,
): StoredMessage {
  // An entry is called after its offset: `12-0`.
  const offset = /^\d{1,16}-0$/.test(entryId) ? Number.parseInt(entryId, 10) : 0;
  const place = { epoch, offset, id, previousId };
  try {
    if (id === '') throw new Error('it is not an entry of a history');
    // Parsed alone: few who read a history here want more than its text.
    readContent({ type, data }, maxMessageBytes);
    return { ...place, type, data };
  } catch (error) {
    undecodable(error as Error);
    return { ...place, type: '', data: '', isUnreadable: true };
  }
}

/**
 * Gives an entry without ids the place between its neighbours.
 *
 * The one behind it names its id, and the head is the id of the last; so nothing behind it is lost with it.
 */
function withPlaces(head: Position, messages: readonly StoredMessage[], start: PageStart): StoredMessage[] {
  const placed: StoredMessage[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.id !== '') {
      placed.push(message);
      continue;
    }
    const { offset } = message;
    const next = messages[index + 1];
    const before = placed.at(-1) ?? ('since' in start ? start.since : undefined);
    const id = next?.offset === offset + 1 ? next.previousId : offset === head.offset ? head.id : '';
    const previousId = before?.offset === offset - 1 ? before.id : '';
    placed.push({ ...message, id, previousId });
  }
  return placed;
}

function stored(epoch: string, offset: string, id: string): Stored {
  try {
    return { position: positionOf(epoch, offset, id), isDuplicate: false };
  } catch (error) {
    throw uncertain(error as Error);
  }
}

function positionOf(epoch: string | undefined, offsetText: string | undefined, id: string): Position {
  const offset = /^\d{1,16}$/.test(offsetText ?? '') ? Number(offsetText) : NaN;
  if (!isEpoch(epoch) || !isCount(offset) || !(id === '' || isPlaceId(id))) throw malformed();
  return { epoch, offset, id };
}

function malformed(): Error {
  return new Error('its answer does not have the form of one');
}
