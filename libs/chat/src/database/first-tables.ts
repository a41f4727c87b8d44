import type { DatabaseKind } from './database-kind.js';
import type { SqlWords } from './sql-words.js';

/** Returns the statements of version 1, which creates the tables. */
export function firstTables(kind: DatabaseKind, words: SqlWords): string[] {
  return [
    ...channelTables(words),
    ...messageTables(words),
    ...memberTables(words),
    ...workTables(words),
    ...(kind === 'postgres' ? [fullText(words)] : []),
  ];
}

function channelTables({ table, index, id, text, number, byKey }: SqlWords): string[] {
  return [
    `CREATE TABLE ${table('channels')} (
  tenant ${id} NOT NULL,
  id ${id} NOT NULL,
  type ${text} NOT NULL,
  name ${text},
  direct_key ${id},
  data ${text},
  created_by ${id},
  created_at ${number} NOT NULL,
  frozen_at ${number},
  archived_at ${number},
  last_seq ${number} NOT NULL DEFAULT 0,
  revision ${number} NOT NULL DEFAULT 0,
  active_at ${number} NOT NULL,
  member_count ${number} NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, id)
)${byKey}`,
    `CREATE UNIQUE INDEX ${index('channels_direct')} ON ${table('channels')} (tenant, direct_key)
  WHERE direct_key IS NOT NULL`,
    `CREATE INDEX ${index('channels_public')} ON ${table('channels')} (tenant, type, active_at, id)`,
    `CREATE TABLE ${table('members')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  user_id ${id} NOT NULL,
  role ${text} NOT NULL,
  state ${text} NOT NULL,
  joined_at ${number} NOT NULL,
  read_seq ${number} NOT NULL DEFAULT 0,
  muted_until ${number},
  hidden_at ${number},
  PRIMARY KEY (tenant, channel_id, user_id)
)${byKey}`,
    `CREATE INDEX ${index('channels_creator')} ON ${table('channels')} (tenant, created_by)
  WHERE created_by IS NOT NULL`,
    `CREATE INDEX ${index('members_user')} ON ${table('members')} (tenant, user_id, channel_id)`,
  ];
}

function messageTables({ table, index, id, text, number, byKey }: SqlWords): string[] {
  const messages = table('messages');
  return [
    `CREATE TABLE ${messages} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  revision ${number} NOT NULL,
  kind ${text} NOT NULL,
  author_id ${id},
  client_id ${id},
  text ${text},
  data ${text},
  reply_to ${number},
  thread_seq ${number},
  reply_count ${number} NOT NULL DEFAULT 0,
  last_reply_at ${number},
  created_at ${number} NOT NULL,
  edited_at ${number},
  version ${number} NOT NULL DEFAULT 1,
  deleted_at ${number},
  deleted_by ${id},
  pinned_at ${number},
  pinned_by ${id},
  PRIMARY KEY (tenant, channel_id, seq)
)${byKey}`,
    `CREATE UNIQUE INDEX ${index('messages_client')} ON ${messages} (tenant, channel_id, author_id, client_id)
  WHERE client_id IS NOT NULL`,
    `CREATE INDEX ${index('messages_changes')} ON ${messages} (tenant, channel_id, revision)`,
    `CREATE INDEX ${index('messages_unread')} ON ${messages} (tenant, channel_id, seq, author_id)
  WHERE thread_seq IS NULL AND deleted_at IS NULL AND kind = 'user'`,
    `CREATE INDEX ${index('messages_thread')} ON ${messages} (tenant, channel_id, thread_seq, seq)
  WHERE thread_seq IS NOT NULL`,
    `CREATE INDEX ${index('messages_pinned')} ON ${messages} (tenant, channel_id, pinned_at)
  WHERE pinned_at IS NOT NULL`,
    `CREATE INDEX ${index('messages_author')} ON ${messages} (tenant, author_id, channel_id, seq)
  WHERE author_id IS NOT NULL`,
    `CREATE INDEX ${index('messages_age')} ON ${messages} (tenant, created_at, channel_id, seq)`,
    `CREATE INDEX ${index('messages_main')} ON ${messages} (tenant, channel_id, seq)
  WHERE thread_seq IS NULL`,
    ...['deleted_by', 'pinned_by'].map(
      (column) => `CREATE INDEX ${index(`messages_${column}`)} ON ${messages} (tenant, ${column})
  WHERE ${column} IS NOT NULL`,
    ),
    `CREATE TABLE ${table('versions')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  version ${number} NOT NULL,
  text ${text},
  data ${text},
  replaced_at ${number} NOT NULL,
  replaced_by ${id},
  PRIMARY KEY (tenant, channel_id, seq, version)
)${byKey}`,
    `CREATE INDEX ${index('versions_user')} ON ${table('versions')} (tenant, replaced_by)
  WHERE replaced_by IS NOT NULL`,
  ];
}

function memberTables({ table, index, id, text, number, byKey }: SqlWords): string[] {
  return [
    `CREATE TABLE ${table('reactions')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  emoji ${id} NOT NULL,
  user_id ${id} NOT NULL,
  created_at ${number} NOT NULL,
  PRIMARY KEY (tenant, channel_id, seq, emoji, user_id)
)${byKey}`,
    `CREATE INDEX ${index('reactions_user')} ON ${table('reactions')} (tenant, user_id)`,
    `CREATE TABLE ${table('mentions')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  user_id ${id} NOT NULL,
  PRIMARY KEY (tenant, channel_id, seq, user_id)
)${byKey}`,
    `CREATE INDEX ${index('mentions_user')} ON ${table('mentions')} (tenant, user_id, channel_id, seq)`,
    `CREATE TABLE ${table('thread_readers')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  thread_seq ${number} NOT NULL,
  user_id ${id} NOT NULL,
  read_seq ${number} NOT NULL,
  PRIMARY KEY (tenant, channel_id, thread_seq, user_id)
)${byKey}`,
    `CREATE INDEX ${index('thread_readers_user')} ON ${table('thread_readers')} (tenant, user_id)`,
    `CREATE TABLE ${table('blocks')} (
  tenant ${id} NOT NULL,
  user_id ${id} NOT NULL,
  blocked_id ${id} NOT NULL,
  created_at ${number} NOT NULL,
  PRIMARY KEY (tenant, user_id, blocked_id)
)${byKey}`,
    `CREATE INDEX ${index('blocks_blocked')} ON ${table('blocks')} (tenant, blocked_id)`,
    `CREATE TABLE ${table('reports')} (
  tenant ${id} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number} NOT NULL,
  reporter_id ${id} NOT NULL,
  reason ${text} NOT NULL,
  created_at ${number} NOT NULL,
  resolved_at ${number},
  resolved_by ${id},
  PRIMARY KEY (tenant, channel_id, seq, reporter_id)
)${byKey}`,
    `CREATE INDEX ${index('reports_open')} ON ${table('reports')} (tenant, created_at)
  WHERE resolved_at IS NULL`,
    `CREATE INDEX ${index('reports_reporter')} ON ${table('reports')} (tenant, reporter_id)`,
    `CREATE INDEX ${index('reports_resolver')} ON ${table('reports')} (tenant, resolved_by)
  WHERE resolved_by IS NOT NULL`,
  ];
}

function workTables({ table, id, text, number, serial, byKey, plain }: SqlWords): string[] {
  return [
    `CREATE TABLE ${table('outbox')} (
  outbox_seq ${serial},
  tenant ${id} NOT NULL,
  kind ${text} NOT NULL,
  channel_id ${id} NOT NULL,
  seq ${number},
  user_id ${id},
  created_at ${number} NOT NULL
)${plain}`,
    `CREATE TABLE ${table('leases')} (
  name ${id} NOT NULL PRIMARY KEY,
  holder ${id} NOT NULL,
  expires_at ${number} NOT NULL
)${byKey}`,
  ];
}

function fullText({ table, index }: SqlWords): string {
  return `CREATE INDEX ${index('messages_text')} ON ${table('messages')}
  USING gin (to_tsvector('simple', coalesce(text, ''))) WHERE deleted_at IS NULL`;
}
