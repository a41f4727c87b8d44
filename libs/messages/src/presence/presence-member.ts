import { badPresenceData } from './presence.errors.js';
import type { PresenceRecord, PresenceState } from './presence-store.js';
import { byJoin, memberOf } from './member-table.js';

/** One of the connections that a member has in a channel. */
export interface PresenceConnection {
  /** What it joined with; the id of the session where there is one. */
  readonly id: string;
  /** The server process that it is connected to. */
  readonly server: string;
  /** What was given with its join. */
  readonly data: unknown;
}

/** Somebody who is in a channel: a user, or a connection of nobody. */
export interface PresenceMember {
  /** The user's id; of somebody without a user the id of the connection. */
  readonly id: string;
  readonly userId: string | null;
  /** What the latest of its connections was given. */
  readonly data: unknown;
  /** In the order in which they joined. */
  readonly connections: readonly PresenceConnection[];
}

/** Who is to join. */
export interface PresenceJoin {
  /** Names the connection: 1 to 128 characters, unique in the cluster. */
  readonly id: string;
  /** The user; without one the connection counts by itself. */
  readonly userId?: string | null;
  /** Goes to those who ask: anything that JSON can say, within `presence.maxDataBytes`. */
  readonly data?: unknown;
}

const MAX_ID_LENGTH = 128;
const MAX_USER_ID_LENGTH = 1_024;
/** Two texts with one would be the same once they are UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns the record of somebody who is to join.
 *
 * @throws {MessagesError} BAD_PRESENCE when the id or the data cannot be kept
 */
export function recordOf({ id, userId = null, data }: PresenceJoin, maxDataBytes: number): PresenceRecord {
  if (typeof id !== 'string' || id === '' || !isKeepable(id, MAX_ID_LENGTH))
    throw badPresenceData(`The id of a connection is a well-formed text of 1 to ${MAX_ID_LENGTH} characters`);
  if (userId !== null && (typeof userId !== 'string' || !isKeepable(userId, MAX_USER_ID_LENGTH)))
    throw badPresenceData(
      `The id of a user is a well-formed text of ${MAX_USER_ID_LENGTH} characters at most`,
    );
  return { id, userId, data: textOf(data, maxDataBytes) };
}

/** Tells whether other processes would read a text as it is. */
function isKeepable(text: string, maxLength: number): boolean {
  return text.length <= maxLength && !LONE_SURROGATE.test(text);
}

/** Returns the members of a channel as they joined, but for lost servers'. */
export function membersOf({ entries, lost }: PresenceState): PresenceMember[] {
  const members = new Map<string, PresenceMember & { connections: PresenceConnection[] }>();
  const inOrder = entries.filter(({ server }) => !lost.has(server)).toSorted(byJoin);
  for (const entry of inOrder) {
    const { id, userId, server } = entry;
    const data: unknown = entry.data === '' ? undefined : JSON.parse(entry.data);
    const before = members.get(memberOf(entry));
    const connections = [...(before?.connections ?? []), { id, server, data }];
    members.set(memberOf(entry), { id: userId ?? id, userId, data, connections });
  }
  return [...members.values()];
}

function textOf(data: unknown, maxBytes: number): string {
  if (data === undefined) return '';
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch {
    text = undefined;
  }
  if (text === undefined) throw badPresenceData('The data of a member is what JSON can say');
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw badPresenceData(
    `The data of a member has ${bytes} bytes, more than ${maxBytes} (presence.maxDataBytes)`,
  );
}
