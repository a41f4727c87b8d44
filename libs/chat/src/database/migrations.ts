import type { DatabaseKind } from './database-kind.js';
import { firstTables } from './first-tables.js';
import { sqlWords, type SqlWords } from './sql-words.js';

/** One step forward of the tables. */
export interface Migration {
  /** Counts from 1, without holes. */
  readonly version: number;
  readonly statements: readonly string[];
}

/** Returns the migrations in the SQL of a database, in order. */
export function migrationsFor(kind: DatabaseKind, schema: string): Migration[] {
  const words = sqlWords(kind, schema);
  return [
    { version: 1, statements: firstTables(kind, words) },
    { version: 2, statements: growingText(words) },
    { version: 3, statements: listOrder(words) },
    { version: 4, statements: attachments(words) },
    { version: 5, statements: ephemeralChannels(words) },
    { version: 6, statements: expiry(words) },
    { version: 7, statements: editIds(words) },
    { version: 8, statements: userReports(words) },
    { version: 9, statements: guestNames(words) },
  ];
}

/** Returns the statements that create the table of the applied migrations. */
export function bookkeeping(kind: DatabaseKind, schema: string): string[] {
  const { table, number, plain } = sqlWords(kind, schema);
  const create = `CREATE TABLE IF NOT EXISTS ${table('migrations')} (
  version ${number} PRIMARY KEY,
  applied_at ${number} NOT NULL
)${plain}`;
  return kind === 'postgres' ? [`CREATE SCHEMA IF NOT EXISTS "${schema}"`, create] : [create];
}

/** Adds marked ranges of texts, and messages that grow. */
function growingText({ table, index, id, text, number, byKey }: SqlWords): string[] {
  return [
    `ALTER TABLE ${table('messages')} ADD COLUMN entities ${text}`,
    `ALTER TABLE ${table('messages')} ADD COLUMN growth ${text}`,
    `ALTER TABLE ${table('versions')} ADD COLUMN entities ${text}`,
    `CREATE TABLE ${table('growths')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  holder ${id} NOT NULL,
  expires_at ${number} NOT NULL,
  stop_at ${number},
  PRIMARY KEY (tenant, channel_id, seq)
)${byKey}`,
    `CREATE INDEX ${index('growths_expiry')} ON ${table('growths')} (expires_at)`,
  ];
}

/** Copies the activity of channels to their members, so that an index has the order of lists. */
function listOrder({ table, index, number }: SqlWords): string[] {
  const [channels, members] = [table('channels'), table('members')];
  return [
    `ALTER TABLE ${members} ADD COLUMN active_at ${number} NOT NULL DEFAULT 0`,
    `ALTER TABLE ${channels} ADD COLUMN lagging_at ${number}`,
    `UPDATE ${members} AS m SET active_at = coalesce(
  (SELECT c.active_at FROM ${channels} AS c WHERE c.tenant = m.tenant AND c.id = m.channel_id), 0)`,
    `CREATE INDEX ${index('members_list')} ON ${members} (tenant, user_id, active_at, channel_id)`,
    `CREATE INDEX ${index('channels_lagging')} ON ${channels} (tenant, id) WHERE lagging_at IS NOT NULL`,
  ];
}

/** Adds channels whose messages are not stored. */
function ephemeralChannels({ table, text }: SqlWords): string[] {
  return [`ALTER TABLE ${table('channels')} ADD COLUMN durability ${text} NOT NULL DEFAULT 'stored'`];
}

/** Adds the client ids of edits, so that a repeated edit makes one version. */
function editIds({ table, id }: SqlWords): string[] {
  return ['messages', 'versions'].map((name) => `ALTER TABLE ${table(name)} ADD COLUMN edit_id ${id}`);
}

/** Adds reports of users. */
function userReports({ table, index, id, text, number, byKey }: SqlWords): string[] {
  const name = table('user_reports');
  return [
    `CREATE TABLE ${name} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  user_id ${id} NOT NULL,
  reporter_id ${id} NOT NULL,
  reason ${text} NOT NULL,
  created_at ${number} NOT NULL,
  resolved_at ${number},
  resolved_by ${id},
  PRIMARY KEY (tenant, channel_id, user_id, reporter_id)
)${byKey}`,
    `CREATE INDEX ${index('user_reports_open')} ON ${name} (tenant, channel_id, created_at)
  WHERE resolved_at IS NULL`,
    `CREATE INDEX ${index('user_reports_user')} ON ${name} (tenant, user_id)`,
    `CREATE INDEX ${index('user_reports_reporter')} ON ${name} (tenant, reporter_id)`,
    `CREATE INDEX ${index('user_reports_resolver')} ON ${name} (tenant, resolved_by)
  WHERE resolved_by IS NOT NULL`,
  ];
}

/** Adds the names that guests give. */
function guestNames({ table, index, id, text, number, byKey }: SqlWords): string[] {
  const name = table('guest_names');
  return [
    `CREATE TABLE ${name} (
  tenant ${id} NOT NULL,
  user_id ${id} NOT NULL,
  name ${text} NOT NULL,
  named_at ${number} NOT NULL,
  PRIMARY KEY (tenant, user_id)
)${byKey}`,
    `CREATE INDEX ${index('guest_names_age')} ON ${name} (named_at)`,
  ];
}

/** Adds files of messages. */
function attachments({ table, index, id, text, number, byKey }: SqlWords): string[] {
  const name = table('attachments');
  return [
    `ALTER TABLE ${table('messages')} ADD COLUMN attachment_count ${number} NOT NULL DEFAULT 0`,
    `CREATE TABLE ${name} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  uploader_id ${id},
  client_id ${id},
  seq ${number},
  position ${number},
  name ${text} NOT NULL,
  content_type ${text},
  byte_size ${number} NOT NULL,
  received_size ${number} NOT NULL DEFAULT 0,
  width ${number},
  height ${number},
  preview_type ${text},
  preview_width ${number},
  preview_height ${number},
  created_at ${number} NOT NULL,
  completed_at ${number},
  orphaned_at ${number},
  removed_at ${number},
  PRIMARY KEY (tenant, id)
)${byKey}`,
    `CREATE UNIQUE INDEX ${index('attachments_client')} ON ${name} (tenant, channel_id, uploader_id, client_id)
  WHERE client_id IS NOT NULL`,
    `CREATE INDEX ${index('attachments_message')} ON ${name} (tenant, channel_id, seq, position)
  WHERE seq IS NOT NULL`,
    `CREATE INDEX ${index('attachments_uploader')} ON ${name} (tenant, uploader_id, created_at)
  WHERE uploader_id IS NOT NULL`,
    `CREATE INDEX ${index('attachments_unused')} ON ${name} (created_at)
  WHERE seq IS NULL AND orphaned_at IS NULL`,
    `CREATE INDEX ${index('attachments_orphaned')} ON ${name} (orphaned_at)
  WHERE orphaned_at IS NOT NULL`,
    `CREATE TABLE ${table('settings')} (
  name ${id} NOT NULL PRIMARY KEY,
  value ${text} NOT NULL
)${byKey}`,
  ];
}

/** Adds the number of the oldest message that a channel still has. */
function expiry({ table, number }: SqlWords): string[] {
  return [`ALTER TABLE ${table('channels')} ADD COLUMN first_seq ${number} NOT NULL DEFAULT 1`];
}
