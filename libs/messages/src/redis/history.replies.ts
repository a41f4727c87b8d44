import type { Draft, Stored, StoredMessage } from '../backend/history.backend.js';
import type { HistoryPage } from '../history/recovery.js';
import type { MessagesError } from '../messages.error.js';
import { refused } from './redis.errors.js';

/** Returns why what an append stored was not published; empty when it was. */
export function unheardBecause([, why = '']: readonly string[]): string {
  return why;
}

/**
 * Reads what the script answers to an append: one result a draft.
 *
 * @param attempt what the attempt was called
 *
 * @throws {MessagesError} UNAVAILABLE when none was stored
 */
export function resultsOf(
  [epoch = '', , ...replies]: readonly string[],
  drafts: readonly Draft[],
  attempt: string,
): ReadonlyArray<Stored | MessagesError> {
  if (replies.every((reply) => reply.startsWith('!'))) throw refused(new Error(replies[0]!.slice(1)));
  return replies.map((reply, index) => {
    if (reply.startsWith('!')) return refused(new Error(reply.slice(1)));
    if (!reply.startsWith('=')) return stored(epoch, reply, `${drafts[index]!.id}~${attempt}`);
    const [itsEpoch = '', offset = '', id = ''] = reply.slice(1).split(':');
    return { ...stored(itsEpoch, offset, id), isDuplicate: true };
  });
}

/** Reads what the script answers to a read. */
export function pageOf(reply: unknown): HistoryPage<StoredMessage> {
  const [epoch, offset, id, isCut, ...parts] = reply as [string, string, string, string, ...string[]];
  const messages: StoredMessage[] = [];
  for (let at = 0; at < parts.length; at += 5) {
    const [entryId, itsId, previousId, type, data] = parts.slice(at, at + 5) as [
      string,
      string,
      string,
      string,
      string,
    ];
    // An entry is called after its offset: `12-0`.
    messages.push({ epoch, offset: Number.parseInt(entryId, 10), id: itsId, previousId, type, data });
  }
  return { top: { epoch, offset: Number(offset), id }, messages, isCut: isCut === '1' };
}

function stored(epoch: string, offset: string, id: string): Stored {
  return { position: { epoch, offset: Number(offset), id }, isDuplicate: false };
}
