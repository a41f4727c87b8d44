import type { ChannelTruth } from './channel-truth.js';
import type { DeviceSnapshot } from './device-snapshot.js';
import type { StoredChat, StoredFile } from './stored-chat.js';

/** Returns the files of messages in a channel that are missing, or that a member reads with other bytes. */
export function wrongFiles(truth: ChannelTruth, devices: readonly DeviceSnapshot[]): string[] {
  const members = devices.filter(({ rooms }) => rooms.some(({ channel }) => channel === truth.channel));
  const posts = new Map(
    devices.flatMap(({ ledger }) => ledger.posts.map((post) => [post.clientId, post] as const)),
  );
  return truth.messages.flatMap(({ seq, client_id, deleted_at, attachment_count }) => {
    const files = truth.filesOf(seq);
    const hashes = deleted_at === null ? (posts.get(client_id ?? '')?.files ?? []) : [];
    const place = `${truth.channel} ${seq}`;
    if (files.length !== hashes.length || attachment_count !== hashes.length)
      return [`${place} has ${files.length} files, counts ${attachment_count}, and got ${hashes.length}`];
    return files.flatMap(({ id, completed_at }, at) => [
      ...(completed_at === null ? [`the file ${id} of ${place} is not complete`] : []),
      ...members
        .filter(({ downloads }) => downloads[id] !== hashes[at])
        .map(
          ({ name, downloads }) =>
            `${name} cannot read the file ${id} of ${place}: ${downloads[id] ?? 'not shown'}`,
        ),
    ]);
  });
}

/** Returns the uploads whose file does not agree with its row: one in use is there as a whole, one that was removed is not. */
export function wrongStorage({ attachments, files }: StoredChat): string[] {
  const sizes = new Map(files.map(({ name, size }) => [name, size]));
  return attachments.flatMap((row: StoredFile) => {
    const { id, byte_size, seq, orphaned_at, removed_at } = row;
    const size = sizes.get(id);
    const isKept = seq !== null && orphaned_at === null;
    if (isKept && size === undefined) return [`the storage lacks the file ${id}`];
    if (isKept && size !== byte_size) return [`the file ${id} has ${size} of ${byte_size} bytes`];
    const isLeft = size !== undefined || sizes.has(`${id}.part`);
    return removed_at !== null && isLeft ? [`the removed file ${id} is still there`] : [];
  });
}
