import type { ChannelTruth } from './channel-truth.js';
import type { DeviceSnapshot } from './device-snapshot.js';
import { groupedBy } from './grouped-by.js';

/** Returns the pointers of a channel and its threads that are not the furthest ones of their users. */
export function wrongPointers(truth: ChannelTruth, devices: readonly DeviceSnapshot[]): string[] {
  return [...groupedBy(devices, ({ user }) => user)].flatMap(([user, own]) => {
    const stored = truth.readSeqOf(user);
    const furthest = furthestRead(own, truth.channel) ?? 0;
    const { channel } = truth;
    const ofChannel =
      stored === furthest ? [] : [`the pointer of ${user} in ${channel} is ${stored} instead of ${furthest}`];
    return [...ofChannel, ...wrongThreadPointers(truth, user, own)];
  });
}

/** A user follows a thread that the user began, replied to or read; the first of these sets the pointer. */
function wrongThreadPointers(
  truth: ChannelTruth,
  user: string,
  devices: readonly DeviceSnapshot[],
): string[] {
  const pointers = truth.threadPointersOf(user);
  const problems: string[] = [];
  for (const { seq, author_id } of truth.timeline(null)) {
    const replies = truth.timeline(seq);
    const firstOwn = replies.find((reply) => reply.author_id === user)?.seq;
    const begins = [author_id === user && replies.length > 0 ? seq : undefined, firstOwn];
    const marked = furthestRead(devices, `${truth.channel}/${seq}`);
    const known = [marked, ...begins].filter((one) => one !== undefined);
    const pointer = pointers.get(seq);
    const isGood =
      pointer === undefined ? known.length === 0 : known.includes(pointer) && pointer >= (marked ?? 0);
    if (!isGood)
      problems.push(
        `the pointer of ${user} in the thread ${truth.channel}/${seq} is ${pointer}; known are ${known.join()}`,
      );
  }
  return problems;
}

function furthestRead(devices: readonly DeviceSnapshot[], place: string): number | undefined {
  const reads = devices.flatMap(({ ledger }) => ledger.reads[place] ?? []);
  return reads.length ? Math.max(...reads) : undefined;
}
