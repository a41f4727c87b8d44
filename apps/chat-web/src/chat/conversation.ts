/** Which conversation: `#lobby` is a room, `@Ada` is one person. */
export type ConversationId = `#${string}` | `@${string}`;

/** One thing that was said. */
export interface Entry {
  /** Unique in this page; the order of arrival. */
  readonly key: number;
  readonly author: string;
  readonly text: string;
  readonly sentAt: Date;
}

/** What was said in a room or with a person, as far as this page heard. */
export interface Conversation {
  readonly entries: readonly Entry[];
  /** How many entries arrived while another conversation was on screen. */
  readonly unread: number;
}

/** Entries of one author that follow each other closely. */
export interface EntryGroup {
  readonly author: string;
  readonly startedAt: Date;
  readonly entries: readonly Entry[];
}

const GROUP_WITHIN_MS = 5 * 60_000;

/** The conversation that a room is. */
export function roomConversation(room: string): ConversationId {
  return `#${room}`;
}

/** The conversation with a person. */
export function personConversation(name: string): ConversationId {
  return `@${name}`;
}

/** The name of a conversation's room or person. */
export function nameOf(id: ConversationId): string {
  return id.slice(1);
}

/** Tells whether a conversation is a room. */
export function isRoom(id: ConversationId): boolean {
  return id.startsWith('#');
}

/** Puts together what one author said within five minutes. */
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
