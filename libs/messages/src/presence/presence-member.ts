import { badPresenceData } from './presence.errors.js';
import type { PresenceRecord, PresenceState } from './presence-store.js';
import { byJoin, memberOf } from './member-table.js';

/** A connection of a member in a channel. */
export interface PresenceConnection {
  /** The id that it joined with; for a session, its id. */
  readonly id: string;
  /** The name of its server process. */
  readonly server: string;
  /** The data of its join. */
  readonly data: unknown;
}

/** A member of a channel: a user, or a connection without a user. */
export interface PresenceMember {
  /** The id of the user; without a user, the id of the connection. */
  readonly id: string;
  readonly userId: string | null;
  /** The data of its latest connection. */
  readonly data: unknown;
  /** Its connections, in the order of their joins. */
  readonly connections: readonly PresenceConnection[];
}

/** A connection that joins a channel. */
export interface PresenceJoin {
  /** The id of the connection: 1 to 128 characters, unique in the cluster. */
  readonly id: string;
  /** The id of the user; without a user the connection is a member itself. */
  readonly userId?: string | null;
  /** Data that other members see: any value of JSON, within `presence.maxDataBytes`. */
  readonly data?: unknown;
}

const MAX_ID_LENGTH = 128;
const MAX_USER_ID_LENGTH = 1_024;
/** Matches a lone surrogate; two texts that differ in one would be equal in UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Returns the record of a connection that joins.
 *
 * @throws {MessagesError} BAD_PRESENCE when the id or the data is invalid
 */
export function recordOf({ id, userId = null, data }: PresenceJoin, maxDataBytes: number): PresenceRecord {
  if (typeof id !== 'string' || id === '' || !isStorable(id, MAX_ID_LENGTH))
    throw badPresenceData(
      `The id of a connection must be a well-formed text of 1 to ${MAX_ID_LENGTH} characters`,
    );
  if (userId !== null && (typeof userId !== 'string' || !isStorable(userId, MAX_USER_ID_LENGTH)))
    throw badPresenceData(
      `The id of a user must be a well-formed text of at most ${MAX_USER_ID_LENGTH} characters`,
    );
  return { id, userId, data: textOf(data, maxDataBytes) };
}

/** Returns true for a text that other processes decode unchanged. */
function isStorable(text: string, maxLength: number): boolean {
  return text.length <= maxLength && !LONE_SURROGATE.test(text);
}

/** Returns the members in the order of their joins, without lost servers. */
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
  if (text === undefined) throw badPresenceData('The data of a member must be a value of JSON');
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw badPresenceData(
    `The data of a member has ${bytes} bytes, more than ${maxBytes} (presence.maxDataBytes)`,
  );
}
