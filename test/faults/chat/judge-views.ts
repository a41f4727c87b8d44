import { seenParts, type ChannelTruth } from './channel-truth.js';
import type { DeviceSnapshot, TimelineSnapshot } from './device-snapshot.js';
import type { StoredMessage } from './stored-chat.js';

/** Returns where a device shows another state of a channel than the database has. */
export function wrongViews(truth: ChannelTruth, device: DeviceSnapshot): string[] {
  const { channel } = truth;
  const room = device.rooms.find((view) => view.channel === channel);
  if (!room) return [];
  const threads = device.threads.filter((view) => view.channel === channel);
  return [
    ...wrongRoom(truth, device, room),
    ...threads.flatMap((thread) => wrongThread(truth, device, thread)),
    ...wrongFollowed(truth, device),
  ];
}

function wrongRoom(truth: ChannelTruth, device: DeviceSnapshot, room: TimelineSnapshot): string[] {
  const { channel } = truth;
  const { name, user, entries } = device;
  const readSeq = truth.readSeqOf(user);
  const unreadCount = truth.unreadAfter(readSeq, user, null);
  const entry = entries.find((one) => one.channel === channel);
  return [
    ...differing(`${name} shows in ${channel}`, [
      ['the status', room.status, 'live'],
      ['the pointer', room.lastReadSeq, readSeq],
      ['unread messages', room.unreadCount, unreadCount],
      ['the entry', entry, { channel, lastSeq: truth.messages.length, readSeq, unreadCount }],
    ]),
    ...wrongItems(truth, device, room),
  ];
}

function wrongThread(truth: ChannelTruth, device: DeviceSnapshot, thread: TimelineSnapshot): string[] {
  const { channel, threadSeq, status, lastReadSeq, unreadCount } = thread;
  const place = `${channel}/${threadSeq}`;
  const stored = truth.threadPointersOf(device.user).get(threadSeq!) ?? 0;
  return [
    ...differing(`${device.name} shows in ${place}`, [
      ['the status', status, 'live'],
      ['the pointer', lastReadSeq, stored],
      ['unread messages', unreadCount, truth.unreadAfter(stored, device.user, threadSeq)],
    ]),
    ...wrongItems(truth, device, thread),
  ];
}

/** The server lists the threads of a user as the tables have them. */
function wrongFollowed(truth: ChannelTruth, { name, user, followed }: DeviceSnapshot): string[] {
  const { channel } = truth;
  const bySeq = (a: { threadSeq: number }, b: { threadSeq: number }): number => a.threadSeq - b.threadSeq;
  const wanted = [...truth.threadPointersOf(user)].map(([threadSeq, readSeq]) => ({
    ...{ channel, threadSeq, replyCount: truth.at(threadSeq)?.reply_count },
    ...{ unreadCount: truth.unreadAfter(readSeq, user, threadSeq), readSeq },
  }));
  const seen = followed.filter((thread) => thread.channel === channel);
  return differing(`${name} loads in ${channel}`, [
    ['the threads', seen.toSorted(bySeq), wanted.toSorted(bySeq)],
  ]);
}

function wrongItems(truth: ChannelTruth, { name, ledger }: DeviceSnapshot, view: TimelineSnapshot): string[] {
  const { channel, threadSeq } = view;
  const refusable = new Set(
    ledger.posts
      .filter((post) => post.channel === channel && truth.isRefusable(post))
      .map(({ clientId }) => clientId),
  );
  const shown = view.items.filter(({ state, key }) => state !== 'failed' || !refusable.has(key));
  const seen = shown.map(({ state, message }) => `${state} ${seenParts(message)}`);
  const wanted = truth.timeline(threadSeq).map((row: StoredMessage) => `stored ${truth.partsOf(row)}`);
  const at = Array.from({ length: Math.max(seen.length, wanted.length) }).findIndex(
    (_, index) => seen[index] !== wanted[index],
  );
  if (at < 0) return [];
  const place = threadSeq === null ? channel : `${channel}/${threadSeq}`;
  const difference = `"${seen[at]}" instead of "${wanted[at]}"`;
  return [`${name} shows in ${place} at ${at} of ${seen.length} ${difference}`];
}

function differing(where: string, facts: readonly (readonly [string, unknown, unknown])[]): string[] {
  return facts.flatMap(([fact, seen, wanted]) => {
    const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
    return a === b ? [] : [`${where} ${fact} ${a} instead of ${b}`];
  });
}
