import { Logger } from '@nestjs/common';
import { MessagesError, MessagesErrorCode, type MessagesService } from '@nestwire/messages';
import { create, type Message } from '@nestwire/protocol';
import type { Selectable } from 'kysely';
import { channelOf, memberFor, membershipOf, isSmall, type ChatMember } from '../channels/chat-channel.js';
import type { Queries } from '../database/chat-database.js';
import type { OutboxTable } from '../database/chat-tables.js';
import { groupedBy } from '../database/grouped-by.js';
import type { ChatMessage } from '../messages/chat-message.js';
import type { MessageReader } from '../messages/message-reader.js';
import type { ChatProfiles } from '../users/chat-profiles.js';
import { ChatChange } from '../wire/change-events.js';
import {
  ChatChannelEvent,
  ChatMemberEvent,
  ChatMembershipEvent,
  ChatMessageEvent,
  ChatThreadEvent,
} from '../wire/chat-events.js';
import { chatChanges, chatInbox, chatRoom } from '../wire/chat-topics.js';
import type { ChatWork } from '../outbox/chat-work.js';
import type { ChatChangeKind } from '../outbox/outbox.js';

/** The row of a stored change. */
export type OutboxRow = Selectable<OutboxTable>;

/** Publication fails for now, and a later attempt can succeed. */
const PASSING: ReadonlySet<string> = new Set([
  MessagesErrorCode.Unavailable,
  MessagesErrorCode.Overloaded,
  MessagesErrorCode.Uncertain,
  MessagesErrorCode.MessagesClosed,
]);

/** Publishes stored changes with the present state of what changed. */
export class ChangePublisher {
  private readonly logger = new Logger('Chat');

  constructor(
    private readonly work: ChatWork,
    private readonly messages: MessagesService,
    private readonly sources: { readonly reader: MessageReader; readonly profiles: ChatProfiles },
  ) {}

  /**
   * Publishes changes, those of one channel in their order. Returns the rows that are done.
   *
   * A change that can never be published is logged and done.
   */
  async publish(rows: readonly OutboxRow[]): Promise<OutboxRow[]> {
    const channels = groupedBy(rows, placeOf, (row) => row);
    const done = await Promise.all([...channels.values()].map((ofChannel) => this.publishChannel(ofChannel)));
    return done.flat();
  }

  private async publishChannel(rows: readonly OutboxRow[]): Promise<OutboxRow[]> {
    const state = await this.work.read((queries) => this.stateOf(queries, rows));
    const results = await Promise.all(rows.map((row) => this.publishRow(row, state)));
    return rows.filter((_row, at) => results[at]);
  }

  /** All posts of a turn enter the queue of the channel in the order of the rows. */
  private async publishRow(row: OutboxRow, state: ChannelState): Promise<boolean> {
    const { tenant, channel_id, outbox_seq, created_at } = row;
    // The time makes the id differ from that of an earlier database with the same numbers.
    const id = `chat-${outbox_seq}-${created_at}`;
    const room = roomEventOf(row, state);
    const inbox = inboxEventOf(row, state);
    const change = create(ChatChange, {
      tenant,
      kind: row.kind as ChatChangeKind,
      channelId: channel_id,
      seq: row.seq,
      userId: row.user_id,
      changedAt: created_at,
    });
    const posts: Promise<unknown>[] = [this.messages.postMessage(chatChanges(tenant), change, { id })];
    if (room)
      posts.push(this.messages.postMessage(chatRoom(tenant, channel_id), room as ChatMessageEvent, { id }));
    if (inbox && row.user_id !== null)
      posts.push(this.messages.postMessage(chatInbox(tenant, row.user_id), inbox, { id }));
    const failures = (await Promise.allSettled(posts)).filter((result) => result.status === 'rejected');
    for (const { reason } of failures) {
      if (reason instanceof MessagesError ? PASSING.has(reason.code) : false) return false;
      this.logger.error(
        `The change ${row.kind} of the channel ${channel_id} cannot be published: ${String(reason)}`,
      );
    }
    return true;
  }

  private async stateOf(queries: Queries, rows: readonly OutboxRow[]): Promise<ChannelState> {
    const { tenant, channel_id } = rows[0]!;
    const seqs = [
      ...new Set(rows.flatMap(({ seq, kind }) => (seq !== null && kind.startsWith('message.') ? [seq] : []))),
    ];
    const userIds = [...new Set(rows.flatMap(({ user_id }) => (user_id === null ? [] : [user_id])))];
    const channel = await queries
      .selectFrom('channels as c')
      .selectAll()
      .where('c.tenant', '=', tenant)
      .where('c.id', '=', channel_id)
      .executeTakeFirst();
    const found = seqs.length === 0 ? [] : await messagesAt(queries, { tenant, channel_id, seqs });
    const messages = await this.sources.reader.complete(queries, found);
    const members =
      userIds.length === 0
        ? []
        : await queries
            .selectFrom('members as m')
            .selectAll()
            .where('m.tenant', '=', tenant)
            .where('m.channel_id', '=', channel_id)
            .where('m.user_id', 'in', userIds)
            .execute();
    const profiles = await this.sources.profiles.of(tenant, userIds);
    return {
      channel: channel && channelOf(channel),
      messages: new Map(messages.map((message) => [message.seq, message])),
      pointers: await pointersOf(queries, rows),
      members: new Map(
        members.map((row) => [
          row.user_id,
          {
            membership: membershipOf(row),
            member: memberFor(row, profiles.get(row.user_id), channel?.member_count ?? 0),
          },
        ]),
      ),
    };
  }
}

interface ChannelState {
  readonly channel: ChatChannelEvent['channel'] | undefined;
  readonly messages: ReadonlyMap<number, ChatMessage>;
  /** The read pointers of threads, by `pointerKey`. */
  readonly pointers: ReadonlyMap<string, number>;
  readonly members: ReadonlyMap<
    string,
    { readonly member: ChatMember; readonly membership: NonNullable<ChatMembershipEvent['membership']> }
  >;
}

function placeOf({ tenant, channel_id }: OutboxRow): string {
  return `${tenant}:${channel_id}`;
}

function messagesAt(
  queries: Queries,
  place: { readonly tenant: string; readonly channel_id: string; readonly seqs: readonly number[] },
) {
  return queries
    .selectFrom('messages as m')
    .selectAll()
    .where('m.tenant', '=', place.tenant)
    .where('m.channel_id', '=', place.channel_id)
    .where('m.seq', 'in', place.seqs)
    .execute();
}

/** Reads the pointers of the users who have read further in threads. */
async function pointersOf(queries: Queries, rows: readonly OutboxRow[]): Promise<Map<string, number>> {
  const moved = rows.filter(isOfThread);
  const [first] = moved;
  if (!first) return new Map();
  const found = await queries
    .selectFrom('thread_readers as t')
    .select(['t.user_id', 't.thread_seq as seq', 't.read_seq'])
    .where('t.tenant', '=', first.tenant)
    .where('t.channel_id', '=', first.channel_id)
    .where(
      't.thread_seq',
      'in',
      moved.map(({ seq }) => seq),
    )
    .where(
      't.user_id',
      'in',
      moved.map(({ user_id }) => user_id),
    )
    .execute();
  return new Map(found.map((row) => [pointerKey(row), row.read_seq]));
}

type ThreadRow = OutboxRow & { readonly seq: number; readonly user_id: string };

function isOfThread(row: OutboxRow): row is ThreadRow {
  return row.kind === 'thread.read' && row.seq !== null && row.user_id !== null;
}

function pointerKey({ seq, user_id }: Pick<ThreadRow, 'seq' | 'user_id'>): string {
  return `${seq}:${user_id}`;
}

/** Changes that the readers of a channel have no event of. */
const OF_FEW: ReadonlySet<ChatChangeKind> = new Set(['message.reported', 'user.reported', 'thread.read']);

/** Reports are for moderators, and the pointers of a large channel for the user alone: readers have no event of them. */
function roomEventOf(row: OutboxRow, { channel, messages, members }: ChannelState): Message | undefined {
  const kind = row.kind as ChatChangeKind;
  if (OF_FEW.has(kind)) return undefined;
  const isPointer = kind === 'read.moved';
  if (isPointer && !isSmall(channel?.memberCount ?? 0)) return undefined;
  if (kind.startsWith('channel.')) return channel && create(ChatChannelEvent, { channel });
  if ((isPointer || kind.startsWith('member.')) && row.user_id !== null)
    return create(ChatMemberEvent, {
      channelId: row.channel_id,
      userId: row.user_id,
      member: members.get(row.user_id)?.member ?? null,
      memberCount: channel?.memberCount ?? 0,
    });
  const message = row.seq === null ? undefined : messages.get(row.seq);
  return message && create(ChatMessageEvent, { kind, message });
}

function inboxEventOf(
  row: OutboxRow,
  { members, pointers }: ChannelState,
): ChatMembershipEvent | ChatThreadEvent | undefined {
  const { channel_id: channelId, kind, user_id: userId } = row;
  if (isOfThread(row)) {
    const readSeq = pointers.get(pointerKey(row));
    return readSeq === undefined
      ? undefined
      : create(ChatThreadEvent, { channelId, threadSeq: row.seq, readSeq });
  }
  if (userId === null || !(kind.startsWith('member.') || kind === 'read.moved')) return undefined;
  return create(ChatMembershipEvent, { channelId, membership: members.get(userId)?.membership ?? null });
}
