import type { GrowthRecord } from './growth-work.js';
import type { StoredChat, StoredMessage } from './stored-chat.js';
import { groupedBy } from './grouped-by.js';

/** Returns the messages that grow at rest, lack text, or differ from the last word of their servers. */
export function wrongGrowths(stored: StoredChat, ledger: readonly GrowthRecord[]): string[] {
  const leases = stored.growths ? [`${stored.growths} messages have a lease at rest`] : [];
  const rows = groupedBy(stored.messages, ({ client_id }) => client_id);
  return [...leases, ...ledger.flatMap((record) => wrongGrowth(record, rows.get(record.name) ?? []))];
}

function wrongGrowth(record: GrowthRecord, rows: readonly StoredMessage[]): string[] {
  const { name, whole, isFailure, told } = record;
  const [row] = rows;
  if (rows.length !== 1)
    return rows.length > 1 || told ? [`the growing message ${name} is stored ${rows.length} times`] : [];
  const { growth, text } = row!;
  const isWhole = text === whole && !isFailure;
  const isGood = text !== null && whole.startsWith(text) && (growth === 'ended' ? isWhole : growth !== null);
  const place = `the growing message ${name} (${row!.channel_id} ${row!.seq})`;
  return [
    ...(growth === 'growing' ? [`${place} grows at rest`] : []),
    ...(isGood ? [] : [`${place} is ${growth} with "${text}"`]),
    ...(told && (told.state !== growth || told.text !== text)
      ? [`${place} is ${growth} with "${text}"; its server said ${told.state} with "${told.text}"`]
      : []),
  ];
}
