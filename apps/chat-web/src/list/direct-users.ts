import type { ChannelEntry, ChatProfile } from '@nestwire/chat/client';

const seen = new Map<string, ChatProfile>();

/** Returns the other members of a direct channel, as far as the entry knows them. */
export function othersIn({ channel, lastMessage }: ChannelEntry, ownId: string): readonly ChatProfile[] {
  const author = lastMessage?.author;
  if (author && author.id !== ownId) seen.set(channel.id, author);
  const known = seen.get(channel.id);
  return known ? [known] : [];
}
