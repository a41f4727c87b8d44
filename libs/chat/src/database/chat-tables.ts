import type { Generated } from 'kysely';

/** The channels. `last_seq` numbers messages; `revision` numbers their changes. */
export interface ChannelsTable {
  tenant: string;
  id: string;
  type: string;
  name: string | null;
  /** The sorted members of a direct channel; unique in the tenant. */
  direct_key: string | null;
  data: string | null;
  created_by: string | null;
  created_at: number;
  frozen_at: number | null;
  archived_at: number | null;
  last_seq: Generated<number>;
  /** The number of the oldest message that has not expired. */
  first_seq: Generated<number>;
  revision: Generated<number>;
  /** The time of the last message, or of the creation. */
  active_at: number;
  /** The time since which the rows of the members have an older `active_at`; null while they have this one. */
  lagging_at: number | null;
  member_count: Generated<number>;
  /** `stored`, or `ephemeral` when no table has the messages of the channel. */
  durability: Generated<string>;
}

/** The members of channels, with their read pointers. */
export interface MembersTable {
  tenant: string;
  channel_id: string;
  user_id: string;
  role: string;
  /** `invited` until the user has joined, then `joined`. */
  state: string;
  joined_at: number;
  read_seq: Generated<number>;
  muted_until: number | null;
  hidden_at: number | null;
  /** A copy of `active_at` of the channel, for the order of lists. */
  active_at: Generated<number>;
}

/** The messages. The key is the number in the channel. */
export interface MessagesTable {
  tenant: string;
  channel_id: string;
  seq: number;
  /** The number of the last change of the message in its channel. */
  revision: number;
  /** `user` or `system`. */
  kind: string;
  author_id: string | null;
  client_id: string | null;
  text: string | null;
  data: string | null;
  /** The JSON of the marked ranges of the text; null without any. */
  entities: string | null;
  /** `growing`, `ended`, `stopped` or `failed`; null for a message that is posted as a whole. */
  growth: string | null;
  attachment_count: Generated<number>;
  reply_to: number | null;
  /** The first message of the thread; null outside of threads. */
  thread_seq: number | null;
  reply_count: Generated<number>;
  last_reply_at: number | null;
  created_at: number;
  edited_at: number | null;
  /** The number of the version; 1 is the first. */
  version: Generated<number>;
  /** The client id of the edit that made this version; null without one. */
  edit_id: string | null;
  deleted_at: number | null;
  deleted_by: string | null;
  pinned_at: number | null;
  pinned_by: string | null;
}

/** The former versions of edited messages. */
export interface VersionsTable {
  tenant: string;
  channel_id: string;
  seq: number;
  version: number;
  text: string | null;
  data: string | null;
  entities: string | null;
  replaced_at: number;
  replaced_by: string | null;
  /** The client id of the edit that made this version; null without one. */
  edit_id: string | null;
}

/** The reactions to messages. */
export interface ReactionsTable {
  tenant: string;
  channel_id: string;
  seq: number;
  emoji: string;
  user_id: string;
  created_at: number;
}

/** The users that messages mention. */
export interface MentionsTable {
  tenant: string;
  channel_id: string;
  seq: number;
  user_id: string;
}

/** The read pointers of users in threads. */
export interface ThreadReadersTable {
  tenant: string;
  channel_id: string;
  thread_seq: number;
  user_id: string;
  read_seq: number;
}

/** The users that a user has blocked. */
export interface BlocksTable {
  tenant: string;
  user_id: string;
  blocked_id: string;
  created_at: number;
}

/** The columns that all reports to the moderators have. */
export interface ReportColumns {
  tenant: string;
  channel_id: string;
  reporter_id: string;
  reason: string;
  created_at: number;
  resolved_at: number | null;
  resolved_by: string | null;
}

/** The reports of messages. */
export interface ReportsTable extends ReportColumns {
  seq: number;
}

/** The reports of users. */
export interface UserReportsTable extends ReportColumns {
  user_id: string;
}

/** The names that guests have given. */
export interface GuestNamesTable {
  tenant: string;
  user_id: string;
  name: string;
  named_at: number;
}

/** The changes that are stored and not yet published. */
export interface OutboxTable {
  outbox_seq: Generated<number>;
  tenant: string;
  kind: string;
  channel_id: string;
  seq: number | null;
  user_id: string | null;
  created_at: number;
}

/** The tasks that one server of the cluster does at a time. */
export interface LeasesTable {
  name: string;
  holder: string;
  expires_at: number;
}

/** The messages that grow, each with the lease of the server that produces it. */
export interface GrowthsTable {
  tenant: string;
  channel_id: string;
  seq: number;
  holder: string;
  expires_at: number;
  /** The time at which a user has asked for the stop. */
  stop_at: number | null;
}

/** The uploads, of which messages have the complete ones. */
export interface AttachmentsTable {
  tenant: string;
  id: string;
  channel_id: string;
  /** The uploader; null after the user was erased. */
  uploader_id: string | null;
  client_id: string | null;
  /** The message that has the file; null before the post. */
  seq: number | null;
  /** The place of the file in its message, from 0 on. */
  position: number | null;
  name: string;
  content_type: string | null;
  byte_size: number;
  /** The bytes that the storage has. */
  received_size: Generated<number>;
  width: number | null;
  height: number | null;
  preview_type: string | null;
  preview_width: number | null;
  preview_height: number | null;
  created_at: number;
  completed_at: number | null;
  /** The time at which nothing needed the file any more. */
  orphaned_at: number | null;
  /** The time at which the storage has deleted the file. */
  removed_at: number | null;
}

/** The settings that all servers share. */
export interface SettingsTable {
  name: string;
  value: string;
}

/** The applied migrations. */
export interface MigrationsTable {
  version: number;
  applied_at: number;
}

/** The tables of the chat. */
export interface ChatTables {
  channels: ChannelsTable;
  members: MembersTable;
  messages: MessagesTable;
  versions: VersionsTable;
  reactions: ReactionsTable;
  mentions: MentionsTable;
  thread_readers: ThreadReadersTable;
  blocks: BlocksTable;
  reports: ReportsTable;
  user_reports: UserReportsTable;
  guest_names: GuestNamesTable;
  outbox: OutboxTable;
  leases: LeasesTable;
  growths: GrowthsTable;
  attachments: AttachmentsTable;
  settings: SettingsTable;
  migrations: MigrationsTable;
}
