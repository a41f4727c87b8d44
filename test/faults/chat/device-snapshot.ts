import type { ChatMessage } from '../../../libs/chat/src/client.js';

/** A posted message in the ledger of a device. */
export interface PostRecord {
  readonly channel: string;
  readonly clientId: string;
  readonly text: string;
  readonly threadSeq: number | null;
  readonly replyTo: number | null;
  /** The hashes of its files. */
  readonly files: readonly string[];
  /** True when it was given up before it was sent. */
  readonly isDiscarded: boolean;
}

/** The actions of a device, as far as they were acknowledged. */
export interface DeviceLedger {
  readonly posts: readonly PostRecord[];
  readonly edits: readonly { channel: string; seq: number; text: string; isAcknowledged: boolean }[];
  readonly reactions: readonly { channel: string; seq: number; emoji: string }[];
  readonly deletions: readonly { channel: string; seq: number }[];
  /** The furthest pointer of each channel, and of each thread as `CHANNEL/SEQ`. */
  readonly reads: Readonly<Record<string, number>>;
  /** The furthest message that was marked as read in each of these places. */
  readonly asked: Readonly<Record<string, number>>;
  readonly trespasses: readonly string[];
}

/** The content of a room or a thread on a device. */
export interface TimelineSnapshot {
  readonly channel: string;
  readonly threadSeq: number | null;
  readonly status: string;
  readonly unreadCount: number;
  readonly lastReadSeq: number;
  readonly items: readonly {
    readonly key: string;
    readonly state: string;
    readonly code?: string;
    readonly message: ChatMessage;
  }[];
}

/** A thread that the server lists for a user. */
export interface FollowedThread {
  readonly channel: string;
  readonly threadSeq: number;
  readonly replyCount: number;
  readonly unreadCount: number;
  readonly readSeq: number;
}

/** The pages of a device of a user, with the ledger of its actions. */
export interface DeviceSnapshot {
  readonly name: string;
  readonly user: string;
  readonly ledger: DeviceLedger;
  readonly rooms: readonly TimelineSnapshot[];
  readonly threads: readonly TimelineSnapshot[];
  readonly followed: readonly FollowedThread[];
  readonly entries: readonly { channel: string; lastSeq: number; readSeq: number; unreadCount: number }[];
  /** The hashes of the files that it shows, by the ids of the attachments. */
  readonly downloads: Readonly<Record<string, string>>;
  /** The channels of others, as the device shows them, and the channels that a search finds. */
  readonly trespass: { readonly rooms: readonly TimelineSnapshot[]; readonly found: readonly string[] };
}
