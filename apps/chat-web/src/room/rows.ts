import type { ChatItem } from '@nestwire/chat/client';
import { startOfDay } from '../ui/times.js';

/** A row of the list of messages. */
export type Row =
  | { readonly kind: 'beginning'; readonly key: string }
  | { readonly kind: 'day'; readonly key: string; readonly time: number }
  | { readonly kind: 'unread'; readonly key: string }
  | { readonly kind: 'message'; readonly key: string; readonly item: ChatItem; readonly isFirst: boolean };

/** The state of a room that decides about its rows. */
export interface RowsInput {
  readonly items: readonly ChatItem[];
  readonly hasOlder: boolean;
  /** The number of the first unread message; null for no mark. */
  readonly firstUnreadSeq: number | null;
  /** True when the rows before the first message have content; the virtual list never shows a row without a height. */
  readonly hasBeginning: boolean;
}

const GROUP_WITHIN_MS = 5 * 60_000;

/** Makes the rows: a heading for each day, the mark of the first unread message, and groups of one author. */
export function rowsOf({ items, hasOlder, firstUnreadSeq, hasBeginning }: RowsInput): readonly Row[] {
  const rows: Row[] = hasBeginning && !hasOlder ? [{ kind: 'beginning', key: 'beginning' }] : [];
  let former: ChatItem | undefined;
  for (const item of items) {
    const { createdAt } = item.message;
    const isNewDay = !former || startOfDay(former.message.createdAt) !== startOfDay(createdAt);
    if (isNewDay) rows.push({ kind: 'day', key: `day-${startOfDay(createdAt)}`, time: createdAt });
    const isMarked = firstUnreadSeq !== null && item.message.seq === firstUnreadSeq;
    if (isMarked) rows.push({ kind: 'unread', key: 'unread' });
    const isFirst = isNewDay || isMarked || !isGrouped(former!, item);
    rows.push({ kind: 'message', key: item.key, item, isFirst });
    former = item;
  }
  return rows;
}

/** Two messages stand in one group: the same author, soon after each other, the second without a quote. */
function isGrouped({ message: before }: ChatItem, { message }: ChatItem): boolean {
  return (
    before.kind === 'user' &&
    message.kind === 'user' &&
    before.author?.id === message.author?.id &&
    before.deletedAt === null &&
    message.replyTo === null &&
    message.createdAt - before.createdAt < GROUP_WITHIN_MS
  );
}
