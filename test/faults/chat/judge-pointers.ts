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
    const place = `${truth.channel}/${seq}`;
    const marked = furthestRead(devices, place);
    const asked = Math.max(0, ...devices.map(({ ledger }) => ledger.asked[place] ?? 0));
    const known = [marked, ...begins].filter((one) => one !== undefined);
    const pointer = pointers.get(seq);
    // A thread that opens moves its pointer after the call, up to the message.
    const isGood =
      pointer === undefined
        ? known.length === 0
        : pointer >= (marked ?? 0) && (known.includes(pointer) || pointer <= asked);
    if (!isGood)
      problems.push(
        `the pointer of ${user} in the thread ${place} is ${pointer}; known are ${known.join()}, asked ${asked}`,
      );
  }
  return problems;
}

function furthestRead(devices: readonly DeviceSnapshot[], place: string): number | undefined {
  const reads = devices.flatMap(({ ledger }) => ledger.reads[place] ?? []);
  return reads.length ? Math.max(...reads) : undefined;
}
