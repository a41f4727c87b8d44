/** A message in the database. */
export interface StoredMessage {
  readonly channel_id: string;
  readonly seq: number;
  readonly revision: number;
  readonly author_id: string | null;
  readonly client_id: string | null;
  readonly text: string | null;
  readonly version: number;
  readonly deleted_at: number | null;
  readonly growth: string | null;
  readonly reply_to: number | null;
  readonly thread_seq: number | null;
  readonly reply_count: number;
  readonly attachment_count: number;
}

/** An upload in the database. */
export interface StoredFile {
  readonly id: string;
  readonly channel_id: string;
  readonly client_id: string | null;
  readonly seq: number | null;
  readonly position: number | null;
  readonly byte_size: number;
  readonly completed_at: number | null;
  readonly orphaned_at: number | null;
  readonly removed_at: number | null;
}

/** A row of a message, with its place. */
type Placed<T> = T & { readonly channel_id: string; readonly seq: number };

/** The tables of the channels of a run, and the folder of their files. */
export interface StoredChat {
  readonly messages: readonly StoredMessage[];
  /** The former texts of messages. */
  readonly versions: readonly Placed<{ text: string | null }>[];
  readonly reactions: readonly Placed<{ emoji: string; user_id: string }>[];
  readonly members: readonly { channel_id: string; user_id: string; read_seq: number }[];
  readonly threadReaders: readonly {
    channel_id: string;
    thread_seq: number;
    user_id: string;
    read_seq: number;
  }[];
  readonly attachments: readonly StoredFile[];
  /** The number of leases of messages that grow. */
  readonly growths: number;
  /** The number of changes that are not published. */
  readonly outbox: number;
  /** The files of all runs, with their sizes in bytes. */
  readonly files: readonly { name: string; size: number }[];
}
