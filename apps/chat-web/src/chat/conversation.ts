/** The id of a conversation: `#lobby` is a room, `@Ada` is a person. */
export type ConversationId = `#${string}` | `@${string}`;

/** One text of a conversation. */
export interface Entry {
  /** A unique number in order of arrival. */
  readonly key: number;
  readonly author: string;
  readonly text: string;
  readonly sentAt: Date;
}

/** The texts that this page has received in a room or from a person. */
export interface Conversation {
  readonly entries: readonly Entry[];
  /** The number of entries that arrived while another conversation was shown. */
  readonly unread: number;
}

/** Consecutive entries of one author. */
export interface EntryGroup {
  readonly author: string;
  readonly startedAt: Date;
  readonly entries: readonly Entry[];
}

const GROUP_WITHIN_MS = 5 * 60_000;

/** Returns the id of a room's conversation. */
export function roomConversation(room: string): ConversationId {
  return `#${room}`;
}

/** Returns the id of the conversation with a person. */
export function personConversation(name: string): ConversationId {
  return `@${name}`;
}

/** Returns the name of a conversation's room or person. */
export function nameOf(id: ConversationId): string {
  return id.slice(1);
}

/** Returns true when a conversation is a room. */
export function isRoom(id: ConversationId): boolean {
  return id.startsWith('#');
}

/** Groups consecutive entries of one author within five minutes. */
export function groupEntries(entries: readonly Entry[]): readonly EntryGroup[] {
  const groups: { author: string; startedAt: Date; entries: Entry[] }[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const isClose = last && entry.sentAt.getTime() - last.startedAt.getTime() < GROUP_WITHIN_MS;
    if (last && isClose && last.author === entry.author) last.entries.push(entry);
    else groups.push({ author: entry.author, startedAt: entry.sentAt, entries: [entry] });
  }
  return groups;
}
