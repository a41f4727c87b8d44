import type { ChannelEntry, ChatChannel, ChatProfile } from '@nestwire/chat/client';

/** Returns the name of a channel; a direct one has those of the other members, as far as they are known. */
export function channelName({ type, name, id }: ChatChannel, others: readonly ChatProfile[] = []): string {
  if (type !== 'direct') return name ?? id;
  return others.map((user) => user.name).join(', ') || 'Direct messages';
}

/** Returns the topic of a channel; empty without one. */
export function topicOf({ data }: ChatChannel): string {
  const topic = (data as { readonly topic?: unknown } | null)?.topic;
  return typeof topic === 'string' ? topic : '';
}

/** Splits the list into rooms and direct channels, and keeps the order by activity for the latter. */
export function sectionsOf(entries: readonly ChannelEntry[]): {
  readonly rooms: readonly ChannelEntry[];
  readonly directs: readonly ChannelEntry[];
} {
  const rooms = entries.filter(({ channel }) => channel.type !== 'direct');
  const directs = entries.filter(({ channel }) => channel.type === 'direct');
  return { rooms, directs };
}
