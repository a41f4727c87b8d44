import type { DeviceSnapshot } from './device-snapshot.js';

/** Returns what a device saw or did in channels whose member its user is not. */
export function wrongTrespass({ name, rooms, entries, ledger, trespass }: DeviceSnapshot): string[] {
  const own = new Set(rooms.map(({ channel }) => channel));
  const isOther = (channel: string): boolean => !own.has(channel);
  const foreign = [...entries.map(({ channel }) => channel), ...trespass.found].filter(isOther);
  const unlisted = [...own].filter((channel) => !entries.some((entry) => entry.channel === channel));
  return [
    ...ledger.trespasses.map((act) => `${name} was permitted to ${act}`),
    ...foreign.map((channel) => `${name} finds the foreign channel ${channel}`),
    ...unlisted.map((channel) => `${name} does not list ${channel}`),
    ...trespass.rooms
      .filter(({ status, items }) => status !== 'refused CHAT_NOT_FOUND' || items.length > 0)
      .map(
        ({ channel, status, items }) =>
          `${name} sees the foreign channel ${channel}: ${status}, ${items.length} messages`,
      ),
  ];
}
