import type { ChannelGate } from '../channels/channel-gate.js';
import { channelOf, membershipOf } from '../channels/chat-channel.js';
import { demandStored, isEphemeral } from '../channels/stored-messages.js';
import type { ListPage, ListRequest } from '../channels/list-page.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkPageSize, checkSeq, invalid } from '../limits/checks.js';
import type { ChatWork } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatEntity } from '../text/chat-entity.js';
import { entitiesOf, type ChatMessage, type MessageRow } from './chat-message.js';
import { EphemeralHistory } from './ephemeral/ephemeral-history.js';
import type { EphemeralRooms } from '../relay/ephemeral-rooms.js';
import type { ChangesPage, HistoryPage, HistoryPageRequest } from './history-page.js';
import type { MessagePlace } from './message-change.js';
import type { MessageReader } from './message-reader.js';
import { MessageRecipients, type MessageRecipient } from './message-recipients.js';
import { ThreadList, type ThreadEntry } from './thread-list.js';

const DEFAULT_PAGE = 25;

/** A former version of a message. */
export interface MessageVersion {
  readonly version: number;
  readonly text: string | null;
  readonly entities: readonly ChatEntity[];
  readonly data: unknown;
  readonly replacedAt: number;
  readonly replacedBy: string | null;
}

/** Reads the messages of channels. */
export class ChatHistory {
  private readonly threadList: ThreadList;
  private readonly recipientList: MessageRecipients;
  private readonly ephemeral: EphemeralHistory;

  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly parts: {
      readonly reader: MessageReader;
      readonly limits: Required<ChatLimits>;
      readonly rooms: EphemeralRooms;
    },
  ) {
    const { reader, limits, rooms } = parts;
    this.threadList = new ThreadList(work, gate, reader, limits);
    this.recipientList = new MessageRecipients(work, gate, limits);
    this.ephemeral = new EphemeralHistory(rooms);
  }

  /**
   * Checks that the actor may read a channel.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  async demandReading(actor: ChatActor, channelId: string): Promise<void> {
    await this.work.read((queries) => this.openForReading(queries, actor, channelId));
  }

  /**
   * Reads a page. Deleted messages keep their place, without content.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async page(actor: ChatActor, request: HistoryPageRequest): Promise<HistoryPage> {
    const { channelId, before, after, around, limit = DEFAULT_PAGE } = request;
    checkPageSize(limit, this.parts.limits.maxPageSize);
    if ([before, after, around].filter((bound) => bound !== undefined).length > 1)
      throw invalid('A page has at most one of before, after and around');
    return this.work.read(async (queries) => {
      // The channel is read first: a change that is stored in between has a higher revision and comes again.
      const { channel, member } = await this.openForReading(queries, actor, channelId);
      if (request.threadSeq !== undefined) demandStored(channel, 'A thread');
      if (isEphemeral(channel)) return this.ephemeral.page({ channel, member }, { ...request, limit });
      const rows = this.rowsOf(queries, { tenant: actor.tenant, request });
      const older =
        after !== undefined
          ? []
          : await rows.before(before ?? around, around === undefined ? limit : Math.ceil(limit / 2));
      const from = around === undefined ? after : around - 1;
      const newer =
        from === undefined
          ? []
          : await rows.after(from, around === undefined ? limit : Math.max(1, Math.floor(limit / 2)));
      const messages = await this.parts.reader.complete(queries, [...older.slice(0).reverse(), ...newer]);
      const [first, last] = [messages[0]?.seq, messages.at(-1)?.seq];
      return {
        channel: channelOf(channel),
        membership: member ? membershipOf(member) : null,
        messages,
        hasOlder:
          first === undefined
            ? after !== undefined && (await rows.before(after + 1, 1)).length > 0
            : (await rows.before(first, 1)).length > 0,
        // A message that is stored after the newest page was read comes as an event.
        hasNewer: before === undefined && from === undefined ? false : await rows.hasAfter(last, before),
        revision: channel.revision,
      };
    });
  }

  /**
   * Reads what changed after a revision: new messages, edits, deletions, reactions, pins and replies.
   *
   * A reader that missed events continues from the revision of its last event or page, and misses nothing.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async changesSince(
    actor: ChatActor,
    request: { readonly channelId: string; readonly revision: number; readonly limit?: number },
  ): Promise<ChangesPage> {
    const { channelId, revision, limit = this.parts.limits.maxPageSize } = request;
    checkSeq('revision', revision);
    checkPageSize(limit, this.parts.limits.maxPageSize);
    return this.work.read(async (queries) => {
      const open = await this.openForReading(queries, actor, channelId);
      if (isEphemeral(open.channel)) return this.ephemeral.changesSince(open, { revision, limit });
      const rows = await queries
        .selectFrom('messages as m')
        .selectAll()
        .where('m.tenant', '=', actor.tenant)
        .where('m.channel_id', '=', channelId)
        .where('m.revision', '>', revision)
        .orderBy('m.revision')
        .limit(limit + 1)
        .execute();
      const messages = await this.parts.reader.complete(queries, rows.slice(0, limit));
      return {
        messages,
        revision: messages.at(-1)?.revision ?? revision,
        hasMore: rows.length > limit,
        isCut: false,
      };
    });
  }

  /**
   * Reads one message.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async get(actor: ChatActor, place: MessagePlace): Promise<ChatMessage> {
    return this.work.read(async (queries) => {
      const open = await this.openForReading(queries, actor, place.channelId);
      if (isEphemeral(open.channel)) return this.ephemeral.get(open, checkSeq('seq', place.seq));
      return (await this.parts.reader.complete(queries, [await this.rowAt(queries, actor, place)]))[0]!;
    });
  }

  /**
   * Reads the pinned messages, the last pinned first.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  async pinned(actor: ChatActor, channelId: string): Promise<readonly ChatMessage[]> {
    return this.work.read(async (queries) => {
      const open = await this.openForReading(queries, actor, channelId);
      demandStored(open.channel, 'A pin');
      const rows = await queries
        .selectFrom('messages as m')
        .selectAll()
        .where('m.tenant', '=', actor.tenant)
        .where('m.channel_id', '=', channelId)
        .where('m.pinned_at', 'is not', null)
        .orderBy('m.pinned_at', 'desc')
        .limit(this.parts.limits.maxPins)
        .execute();
      return this.parts.reader.complete(queries, rows);
    });
  }

  /**
   * Reads the former versions of a message, the oldest first; at most `maxPageSize` of the newest.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  async versions(actor: ChatActor, place: MessagePlace): Promise<readonly MessageVersion[]> {
    return this.work.read(async (queries) => {
      const open = await this.gate.look(queries, actor, place.channelId);
      demandStored(open.channel, 'A version');
      const { author_id } = await this.rowAt(queries, actor, place);
      await this.gate.demand(open, 'message.versions', { authorId: author_id });
      const rows = await queries
        .selectFrom('versions as v')
        .selectAll()
        .where('v.tenant', '=', actor.tenant)
        .where('v.channel_id', '=', place.channelId)
        .where('v.seq', '=', place.seq)
        .orderBy('v.version', 'desc')
        .limit(this.parts.limits.maxPageSize)
        .execute();
      return rows.reverse().map((row) => ({
        version: row.version,
        text: row.text,
        entities: entitiesOf(row),
        data: row.data === null ? null : (JSON.parse(row.data) as unknown),
        replacedAt: row.replaced_at,
        replacedBy: row.replaced_by,
      }));
    });
  }

  /**
   * Reads the threads of a channel that the actor began, replied to or marked, the last active first.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID
   */
  threads(
    actor: ChatActor,
    request: ListRequest & { readonly channelId: string },
  ): Promise<ListPage<ThreadEntry>> {
    return this.threadList.page(actor, request);
  }

  /**
   * Reads the members who want to know of a message, in the order of their ids; for push and mail of the server.
   *
   * Its author is left out, and members who have read it, muted the channel, or block the author. A reply in a thread
   * is for those who follow the thread, and for those whom it mentions. A message that was deleted or removed has none.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_INVALID; CHAT_FORBIDDEN unless the server asks
   */
  recipients(
    actor: ChatActor,
    place: MessagePlace,
    request: ListRequest = {},
  ): Promise<ListPage<MessageRecipient>> {
    return this.recipientList.page(actor, place, request);
  }

  private async openForReading(queries: Queries, actor: ChatActor, channelId: string) {
    const open = await this.gate.look(queries, actor, channelId);
    await this.gate.demand(open, 'channel.read');
    return open;
  }

  private async rowAt(
    queries: Queries,
    { tenant }: ChatActor,
    { channelId, seq }: MessagePlace,
  ): Promise<MessageRow> {
    const row = await queries
      .selectFrom('messages as m')
      .selectAll()
      .where('m.tenant', '=', tenant)
      .where('m.channel_id', '=', channelId)
      .where('m.seq', '=', checkSeq('seq', seq))
      .executeTakeFirst();
    if (row) return row;
    throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}.`);
  }

  private rowsOf(
    queries: Queries,
    { tenant, request }: { readonly tenant: string; readonly request: HistoryPageRequest },
  ) {
    const { channelId, threadSeq } = request;
    const base = queries
      .selectFrom('messages as m')
      .selectAll()
      .where('m.tenant', '=', tenant)
      .where('m.channel_id', '=', channelId)
      .where(
        'm.thread_seq',
        threadSeq === undefined ? 'is' : '=',
        threadSeq === undefined ? null : checkSeq('threadSeq', threadSeq),
      );
    const after = (seq: number, limit: number): Promise<MessageRow[]> =>
      base.where('m.seq', '>', Math.max(seq, -1)).orderBy('m.seq').limit(limit).execute();
    return {
      before: (seq: number | undefined, limit: number): Promise<MessageRow[]> =>
        (seq === undefined ? base : base.where('m.seq', '<', checkSeq('before', seq)))
          .orderBy('m.seq', 'desc')
          .limit(limit)
          .execute(),
      after,
      hasAfter: async (last: number | undefined, before: number | undefined): Promise<boolean> => {
        const seq = last ?? (before === undefined ? undefined : before - 1);
        return seq !== undefined && (await after(seq, 1)).length > 0;
      },
    };
  }
}
