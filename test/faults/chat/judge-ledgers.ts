import type { ChannelTruth } from './channel-truth.js';
import type { DeviceSnapshot } from './device-snapshot.js';
import { groupedBy } from './grouped-by.js';

/** Returns the acknowledged work of devices that a channel in the database lacks, and what nobody did. */
export function wrongLedgers(
  truth: ChannelTruth,
  devices: readonly DeviceSnapshot[],
  grown: readonly string[],
): string[] {
  return [
    ...gaps(truth),
    ...wrongPosts(truth, devices, grown),
    ...devices.flatMap((device) => [...lostReactions(truth, device), ...lostDeletions(truth, device)]),
    ...lostEdits(truth, devices),
  ];
}

function gaps({ messages, channel }: ChannelTruth): string[] {
  const isWhole = messages.every(({ seq }, at) => seq === at + 1);
  return isWhole ? [] : [`${channel} has the numbers ${messages.map(({ seq }) => seq).join()}`];
}

/** Each post is stored once, in its place; one whose question is deleted may be refused, and one that was given up is not. */
function wrongPosts(
  truth: ChannelTruth,
  devices: readonly DeviceSnapshot[],
  grown: readonly string[],
): string[] {
  const rows = groupedBy(truth.messages, ({ client_id }) => client_id ?? 'none');
  const problems: string[] = [];
  for (const { name, ledger } of devices)
    for (const post of ledger.posts) {
      if (post.channel !== truth.channel) continue;
      const [row, ...more] = rows.get(post.clientId) ?? [];
      rows.delete(post.clientId);
      const count = (row ? 1 : 0) + more.length;
      const isGood = post.isDiscarded ? count === 0 : count === 1 || (!row && truth.isRefusable(post));
      if (!isGood) problems.push(`the post "${post.text}" of ${name} is stored ${count} times`);
      if (row && (row.thread_seq !== post.threadSeq || row.reply_to !== post.replyTo))
        problems.push(`the post "${post.text}" of ${name} has another place`);
    }
  for (const clientId of grown) rows.delete(clientId);
  for (const clientId of rows.keys()) problems.push(`nobody posted the message with the id ${clientId}`);
  return problems;
}

function lostReactions(truth: ChannelTruth, { name, user, ledger }: DeviceSnapshot): string[] {
  return ledger.reactions
    .filter(({ channel, seq }) => channel === truth.channel && truth.at(seq)?.deleted_at === null)
    .filter(({ seq, emoji }) => !truth.usersOf(seq, emoji).includes(user))
    .map(({ seq, emoji }) => `the reaction ${emoji} of ${name} to ${truth.channel} ${seq} is lost`);
}

function lostDeletions(truth: ChannelTruth, { name, ledger }: DeviceSnapshot): string[] {
  return ledger.deletions
    .filter(({ channel, seq }) => channel === truth.channel && truth.at(seq)?.deleted_at === null)
    .map(({ seq }) => `the deletion of ${truth.channel} ${seq} by ${name} is lost`);
}

/** An acknowledged edit is stored; after a change of the server, the client may have sent it again. */
function lostEdits(truth: ChannelTruth, devices: readonly DeviceSnapshot[]): string[] {
  const texts = truth.texts();
  return devices
    .flatMap(({ ledger }) => ledger.edits)
    .filter(({ channel, isAcknowledged }) => channel === truth.channel && isAcknowledged)
    .filter(({ seq, text }) => !texts.has(`${seq}: ${text}`))
    .map(({ seq, text }) => `the edit of ${truth.channel} ${seq} to "${text}" is lost`);
}
