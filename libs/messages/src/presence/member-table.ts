import type { WatchedMember } from '@nestwire/protocol';
import { presenceKey, type PresenceEntry } from './presence-store.js';

/** A member of a channel, with its connections. */
export interface MemberRow {
  readonly member: WatchedMember;
  /** The sequence number of the member; rows are ordered by it. */
  readonly order: number;
  /** The approximate size of the member in a page, in bytes. */
  readonly bytes: number;
}

/** One change of the members of a channel. */
export interface MemberChange extends MemberRow {
  readonly kind: 'joined' | 'updated' | 'left';
}

interface Row {
  readonly member: WatchedMember;
  /** 0 until `takeChanges` assigns a number. */
  readonly order: number;
  readonly bytes: number;
  /** The JSON text of the member's data. */
  readonly data: string;
  /** The keys of the member's connections. */
  readonly keys: Set<string>;
}

/** The size of property names and punctuation in the JSON of a member. */
const MEMBER_OVERHEAD_BYTES = 40;

/**
 * The members of a channel, computed from its connections.
 *
 * A member is a user, or a connection without a user.
 */
export class MemberTable {
  private readonly entries = new Map<string, PresenceEntry>();
  private readonly rows = new Map<string, Row>();
  /** The keys of connections that the cluster has lost, and that may return with another key. */
  private readonly lost = new Set<string>();
  /** The members whose connections have changed since `takeChanges`. */
  private readonly touched = new Set<string>();
  private lastOrder = 0;

  /** Returns the keys of connections that are not lost. */
  presentKeys(): string[] {
    return [...this.entries.keys()].filter((key) => !this.lost.has(key));
  }

  /** Returns the keys of lost connections. */
  lostKeys(): string[] {
    return [...this.lost];
  }

  /** Adds a connection, or replaces its record. */
  set(entry: PresenceEntry): void {
    const key = presenceKey(entry);
    const before = this.entries.get(key);
    this.entries.set(key, entry);
    this.lost.delete(key);
    const member = memberOf(entry);
    this.touched.add(member);
    const row = this.rows.get(member) ?? this.addRow(member, entry);
    row.keys.add(key);
    if (before && memberOf(before) !== member) this.release(key, before);
  }

  /** Removes a connection; an unknown key is not an error. */
  remove(key: string): void {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    this.lost.delete(key);
    if (entry) this.release(key, entry);
  }

  /** Marks connections as lost; they count until they are removed. */
  markLost(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = this.entries.get(key);
      if (!entry) continue;
      this.lost.add(key);
      this.touched.add(memberOf(entry));
    }
  }

  /** Returns the changes since the last call, in the order of the first change of each member. */
  takeChanges(): MemberChange[] {
    const changes = [...this.touched].flatMap((member) => this.changeOf(member) ?? []);
    this.touched.clear();
    return changes;
  }

  /** Iterates over the members after a position; call `takeChanges` before. */
  *after(order: number): Generator<MemberRow> {
    for (const row of this.rows.values()) if (row.order > order) yield row;
  }

  private addRow(member: string, entry: PresenceEntry): Row {
    // `takeChanges` sets the other fields.
    const row = { member: watchedMember(entry), order: 0, bytes: 0, data: '', keys: new Set<string>() };
    this.rows.set(member, row);
    return row;
  }

  private release(key: string, entry: PresenceEntry): void {
    const member = memberOf(entry);
    this.rows.get(member)?.keys.delete(key);
    this.touched.add(member);
  }

  private changeOf(key: string): MemberChange | undefined {
    const row = this.rows.get(key);
    if (!row) return undefined;
    const isNew = row.order === 0;
    if (row.keys.size === 0) {
      this.rows.delete(key);
      return isNew ? undefined : { ...row, kind: 'left' };
    }
    const latest = this.latestOf(row.keys);
    if (!isNew && latest.data === row.data) return undefined;
    const next = { ...row, member: watchedMember(latest), data: latest.data, bytes: bytesOf(latest) };
    if (!isNew) {
      this.rows.set(key, next);
      return { ...next, kind: 'updated' };
    }
    // Moved to the end, because rows may have been made in another order.
    this.rows.delete(key);
    const counted = { ...next, order: ++this.lastOrder };
    this.rows.set(key, counted);
    return { ...counted, kind: 'joined' };
  }

  private latestOf(keys: ReadonlySet<string>): PresenceEntry {
    const entries = [...keys].flatMap((key) => this.entries.get(key) ?? []);
    const present = entries.filter((entry) => !this.lost.has(presenceKey(entry)));
    const counted = present.length > 0 ? present : entries;
    return counted.reduce((latest, entry) => (byJoin(latest, entry) < 0 ? entry : latest));
  }
}

/** Compares connections by their last change; all processes get the same order. */
export function byJoin(one: PresenceEntry, other: PresenceEntry): number {
  return one.number - other.number || (presenceKey(one) < presenceKey(other) ? -1 : 1);
}

/** Returns the key of a member: the user, or the connection without a user. */
export function memberOf({ userId, id }: Pick<PresenceEntry, 'userId' | 'id'>): string {
  return userId === null ? `-${id}` : `+${userId}`;
}

function watchedMember({ id, userId, data }: PresenceEntry): WatchedMember {
  const member = { id: userId ?? id, userId };
  return data === '' ? member : { ...member, data: JSON.parse(data) as unknown };
}

function bytesOf({ id, userId, data }: PresenceEntry): number {
  const idBytes = Buffer.byteLength(userId ?? id);
  return MEMBER_OVERHEAD_BYTES + 2 * idBytes + Buffer.byteLength(data);
}
