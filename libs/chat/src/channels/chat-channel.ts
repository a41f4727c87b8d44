import type { Selectable } from 'kysely';
import type { ChannelsTable, MembersTable } from '../database/chat-tables.js';
import type { ChatRole } from '../policy/chat-role.js';
import type { ChatProfile } from '../users/chat-users.js';
import { isEphemeral } from './stored-messages.js';

/** A channel, as its readers see it. Times are milliseconds since 1970. */
export interface ChatChannel {
  readonly id: string;
  readonly type: string;
  readonly name: string | null;
  /** The data of the application. */
  readonly data: unknown;
  readonly createdAt: number;
  /** The time since which only the server posts; null while members do. */
  readonly frozenAt: number | null;
  /** The time since which nothing changes any more. */
  readonly archivedAt: number | null;
  /** The number of the last message, 0 for none. */
  readonly lastSeq: number;
  /** The number of the oldest message that has not expired. */
  readonly firstSeq: number;
  /** The number of the last change of a message. */
  readonly revision: number;
  readonly activeAt: number;
  readonly memberCount: number;
  /** True when the messages are delivered live and not stored: no edits, reactions, threads, pins, files or search. */
  readonly isEphemeral: boolean;
}

/** The membership of one user in a channel, for this user alone. */
export interface ChatMembership {
  readonly role: ChatRole;
  readonly state: 'invited' | 'joined';
  readonly joinedAt: number;
  /** The number of the last message that the user has read. */
  readonly readSeq: number;
  readonly mutedUntil: number | null;
  readonly hiddenAt: number | null;
}

/** A member, as the others see them. */
export interface ChatMember {
  readonly user: ChatProfile;
  readonly role: ChatRole;
  readonly state: 'invited' | 'joined';
  /** The number of the last message that the member has read; null in a channel of more than 20 members. */
  readonly readSeq: number | null;
}

/** The most members of a small channel. */
const MAX_SMALL = 20;

/** The row of a channel. */
export type ChannelRow = Selectable<ChannelsTable>;
/** The row of a member. */
export type MemberRow = Selectable<MembersTable>;

/** Makes the channel of a row. */
export function channelOf(row: ChannelRow): ChatChannel {
  return {
    id: row.id,
    type: row.type,
    name: row.name,
    data: row.data === null ? null : (JSON.parse(row.data) as unknown),
    createdAt: row.created_at,
    frozenAt: row.frozen_at,
    archivedAt: row.archived_at,
    lastSeq: row.last_seq,
    firstSeq: row.first_seq,
    revision: row.revision,
    activeAt: row.active_at,
    memberCount: row.member_count,
    isEphemeral: isEphemeral(row),
  };
}

/** Makes the membership of a row. */
export function membershipOf(row: MemberRow): ChatMembership {
  return {
    role: row.role as ChatRole,
    state: row.state as ChatMembership['state'],
    joinedAt: row.joined_at,
    readSeq: row.read_seq,
    mutedUntil: row.muted_until,
    hiddenAt: row.hidden_at,
  };
}

/**
 * Returns true for a channel that shows each member.
 *
 * It tells how far each has read, and the list of a user names the others.
 */
export function isSmall(memberCount: number): boolean {
  return memberCount <= MAX_SMALL;
}

/** Makes the member of a row, for a channel with this number of members. */
export function memberFor(row: MemberRow, user: ChatProfile | undefined, memberCount: number): ChatMember {
  return {
    user: user ?? { id: row.user_id, name: row.user_id },
    role: row.role as ChatRole,
    state: row.state as ChatMember['state'],
    readSeq: isSmall(memberCount) ? row.read_seq : null,
  };
}
