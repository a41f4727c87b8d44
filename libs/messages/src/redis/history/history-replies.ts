import type { Draft, PageStart, Stored } from '../../history/history-store.js';
import type { StoredMessage } from '../../history/stored-message.js';
import type { Position } from '../../history/position.js';
import type { HistoryPage } from '../../history/recovery.js';
import type { MessagesError } from '../../messages.error.js';
import { refused, uncertain } from '../connection/redis.errors.js';
import { isCount, isEpoch, isPositionId, readContent } from '../connection/untrusted.js';

/** Returns the error of the publication after an append; empty when it succeeded. */
export function publishFailureOf([, failure = '']: readonly string[]): string {
  return failure;
}

/**
 * Parses the script's reply to an append: one result for each draft.
 *
 * @param attempt the id of the store attempt
 *
 * @throws {MessagesError} UNAVAILABLE when no draft was stored
 * @throws {MessagesError} UNCERTAIN when the reply is malformed
 */
export function resultsOf(
  reply: readonly string[],
  drafts: readonly Draft[],
  attempt: string,
): ReadonlyArray<Stored | MessagesError> {
  const [epoch = '', , ...replies] = reply;
  if (replies.length !== drafts.length) throw uncertain(malformed());
  const refusal = refusalIn(reply);
  if (refusal && replies.every((each) => each.startsWith('!'))) throw refused(refusal);
  return drafts.map((draft, index) => {
    const each = replies[index] ?? '';
    if (each.startsWith('!')) return refused(new Error(each.slice(1)));
    if (!each.startsWith('=')) return stored(epoch, each, `${draft.id}~${attempt}`);
    const [itsEpoch = '', offset = '', id = ''] = each.slice(1).split(':');
    return { ...stored(itsEpoch, offset, id), isDuplicate: true };
  });
}

/** Returns the first refusal of a draft; undefined when there is none. */
export function refusalIn([, , ...replies]: readonly string[]): Error | undefined {
  const refusal = replies.find((each) => each.startsWith('!'));
  return refusal === undefined ? undefined : new Error(refusal.slice(1));
}

/** Returns true when the reply of a script consists of strings only. */
export function isStrings(reply: unknown): reply is readonly string[] {
  return Array.isArray(reply) && reply.every((text) => typeof text === 'string');
}

/** The parameters of reading a page. */
export interface PageReading {
  readonly start: PageStart;
  readonly maxMessageBytes: number;
  /** Called for each undecodable entry. */
  readonly undecodable: (error: Error) => void;
}

/**
 * Parses the script's reply to a read.
 *
 * An undecodable entry is marked as unreadable and keeps its position.
 *
 * @throws {Error} when the reply is malformed
 */
export function pageOf(reply: unknown, reading: PageReading): HistoryPage<StoredMessage> {
  if (!isStrings(reply)) throw malformed();
  const [epoch, offset, id = '', isCut, ...parts] = reply;
  const head = positionOf(epoch, offset, id);
  if (parts.length % PARTS !== 0) throw malformed();
  const messages: StoredMessage[] = [];
  for (let at = 0; at < parts.length; at += PARTS)
    messages.push(messageOf(head.epoch, parts.slice(at, at + PARTS), reading));
  return { head, messages: withInferredIds(head, messages, reading.start), isCut: isCut === '1' };
}

/** The fields of an entry: its id in the stream, its id, the previous id, its type and its text. */
const PARTS = 5;

function messageOf(
  epoch: string,
  [entryId = '', id = '', previousId = '', type = '', data = '']: readonly string[],
  { maxMessageBytes, undecodable }: PageReading,
): StoredMessage {
  // The id of an entry in the stream contains its offset: `12-0`.
  const offset = /^\d{1,16}-0$/.test(entryId) ? Number.parseInt(entryId, 10) : 0;
  const link = { epoch, offset, id, previousId };
  try {
    if (id === '') throw new Error('it is not a valid entry of a history');
    // The parsed value is dropped, because most readers of a history need only the text.
    readContent({ type, data }, maxMessageBytes);
    return { ...link, type, data };
  } catch (error) {
    undecodable(error as Error);
    return { ...link, type: '', data: '', isUnreadable: true };
  }
}

/**
 * Infers the ids of malformed entries from their neighbours.
 *
 * The next entry contains the id of the one before it, and the head contains the id of the last entry. So a
 * malformed entry does not break the chain of the entries after it.
 */
function withInferredIds(
  head: Position,
  messages: readonly StoredMessage[],
  start: PageStart,
): StoredMessage[] {
  const linked: StoredMessage[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.id !== '') {
      linked.push(message);
      continue;
    }
    const { offset } = message;
    const next = messages[index + 1];
    const before = linked.at(-1) ?? ('since' in start ? start.since : undefined);
    const id = next?.offset === offset + 1 ? next.previousId : offset === head.offset ? head.id : '';
    const previousId = before?.offset === offset - 1 ? before.id : '';
    linked.push({ ...message, id, previousId });
  }
  return linked;
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
  if (!isEpoch(epoch) || !isCount(offset) || !(id === '' || isPositionId(id))) throw malformed();
  return { epoch, offset, id };
}

function malformed(): Error {
  return new Error('the reply of Redis is malformed');
}
