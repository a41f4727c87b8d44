import { Logger } from '@nestjs/common';
import type { ChannelGate, OpenChannel } from '../channels/channel-gate.js';
import { channelOf, type ChannelRow, type MemberRow } from '../channels/chat-channel.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangeRate } from '../limits/change-rate.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkData, checkId, checkLine, checkSeq, checkText, exceeded, invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type ChatChangeKind } from '../outbox/outbox.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatHooks } from './chat-hooks.js';
import type { ChatMessage, MessageRow } from './chat-message.js';
import type { LoadedMessage, MessageReader } from './message-reader.js';

const MAX_EMOJI_LENGTH = 64;

/** A message to post. */
export interface NewMessage {
  readonly channelId: string;
  readonly text: string;
  readonly data?: unknown;
  /**
   * The id that the author's client gave to the message: 1 to 64 characters of A-Z a-z 0-9 _ . -
   *
   * A repetition with the same id stores nothing and returns the first message.
   */
  readonly clientId?: string;
  /** The users to mention; those who are no members are left out. */
  readonly mentions?: readonly string[];
  /** The number of the message that this one answers. */
  readonly replyTo?: number;
  /** The number of the message that begins the thread of this one. */
  readonly threadSeq?: number;
  /**
   * The time of a message that the server imports, in milliseconds since 1970. Post in the order of time.
   *
   * @default now
   */
  readonly createdAt?: number;
}

/** The place of a message. */
export interface MessagePlace {
  readonly channelId: string;
  readonly seq: number;
}

/** The new content of a message; what is left out remains. */
export interface MessageChanges {
  readonly text?: string;
  readonly data?: unknown;
  readonly mentions?: readonly string[];
}

/** Parts that the changes of messages need. */
export interface MessageContext {
  readonly work: ChatWork;
  readonly gate: ChannelGate;
  readonly reader: MessageReader;
  readonly hooks: ChatHooks;
  readonly rate: ChangeRate;
  readonly limits: Required<ChatLimits>;
}

interface Content {
  readonly text: string;
  readonly data: string | null;
  readonly mentions: readonly string[];
}

/** Posts and changes messages. */
export class ChatMessages {
  private readonly logger = new Logger('Chat');

  constructor(private readonly context: MessageContext) {}

  /**
   * Posts a message. With a client id it is stored once, after any number of repetitions on any server.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY for the channel
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED for the content; CHAT_RATE_LIMITED for the author
   * @throws {ChatError} CHAT_REFUSED when a hook refuses it; the text has its reason
   */
  async post(actor: ChatActor, message: NewMessage, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    const { work, gate, rate } = this.context;
    const { channelId, clientId, replyTo, threadSeq } = message;
    if (actor.userId === null && clientId !== undefined)
      throw invalid('A client id needs a user: give chatServer() a userId');
    if (clientId !== undefined) checkId('The client id', clientId);
    checkImport(actor, message);
    const sent = this.checkContent(message);
    const before = (queries: Queries) => this.beforePost(queries, actor, message);
    // The hook may be slow, so it runs before the transaction; the transaction checks everything again.
    const { open, earlier } = await (options.tx ? work.change(before, options) : work.read(before));
    if (earlier) return this.finish(earlier);
    await rate.spend(actor);
    const content = await this.askHooks(actor, open, { ...sent, replyTo, threadSeq });
    const { loaded, isNew } = await work.change(async (queries) => {
      const locked = await gate.lock(queries, actor, channelId);
      await this.demandPost(queries, locked);
      const repeated = await this.findPosted(queries, actor, message);
      if (repeated) return { loaded: repeated, isNew: false };
      const stored = await this.store(queries, locked, { ...message, ...content, author: actor.userId });
      return { loaded: stored, isNew: true };
    }, options);
    const posted = await this.finish(loaded);
    if (isNew && !options.tx) this.callDidSend(posted, actor);
    return posted;
  }

  /**
   * Replaces the content of a message; the former one is kept as a version.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   * @throws {ChatError} CHAT_RATE_LIMITED; CHAT_REFUSED when a hook refuses it
   */
  async edit(
    actor: ChatActor,
    place: MessagePlace,
    changes: MessageChanges,
    options: ChatChangeOptions = {},
  ): Promise<ChatMessage> {
    const { work, rate } = this.context;
    const look = async (queries: Queries) => {
      const open = await this.context.gate.look(queries, actor, place.channelId);
      const row = await this.existing(queries, open, place.seq);
      await this.demandChange(open, row, 'message.edit');
      return { open, row, mentions: await mentionedBy(queries, row) };
    };
    const { open, row, mentions } = await (options.tx ? work.change(look, options) : work.read(look));
    const sent = this.checkContent({
      text: changes.text ?? row.text ?? '',
      data: changes.data === undefined ? parse(row.data) : changes.data,
      mentions: changes.mentions ?? mentions,
    });
    await rate.spend(actor);
    const content = await this.askHooks(actor, open, {
      ...sent,
      replyTo: row.reply_to ?? undefined,
      threadSeq: row.thread_seq ?? undefined,
      isEdit: true,
    });
    return this.change(
      { actor, place, action: 'message.edit', kind: 'message.edited' },
      async (queries, found) => {
        const { tenant, channel_id, seq, version, text, data } = found;
        const now = Date.now();
        await queries
          .insertInto('versions')
          .values({
            tenant,
            channel_id,
            seq,
            version,
            text,
            data,
            replaced_at: now,
            replaced_by: actor.userId,
          })
          .execute();
        await this.setMentions(queries, found, content.mentions);
        return { text: content.text, data: content.data, edited_at: now, version: version + 1 };
      },
      options,
    );
  }

  /**
   * Deletes a message for its readers. Its place, author and versions remain for moderators.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  async delete(actor: ChatActor, place: MessagePlace, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    return this.change(
      { actor, place, action: 'message.delete', kind: 'message.deleted' },
      async (queries, row) => {
        const { tenant, channel_id, seq, version, text, data } = row;
        const now = Date.now();
        await queries
          .insertInto('versions')
          .values({
            tenant,
            channel_id,
            seq,
            version,
            text,
            data,
            replaced_at: now,
            replaced_by: actor.userId,
          })
          .execute();
        await clearParts(queries, row, ['reactions', 'mentions']);
        await this.uncountReply(queries, row);
        return { ...EMPTY, version: version + 1, deleted_at: now, deleted_by: actor.userId };
      },
      options,
    );
  }

  /**
   * Deletes a message with its versions, reports, reactions and mentions for good; only its number remains.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  async purge(actor: ChatActor, place: MessagePlace, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    return this.change(
      { actor, place, action: 'message.purge', kind: 'message.deleted', state: 'any' },
      async (queries, row) => {
        await clearParts(queries, row, ['reactions', 'mentions', 'versions', 'reports']);
        await this.uncountReply(queries, row);
        return {
          ...EMPTY,
          author_id: null,
          client_id: null,
          deleted_at: row.deleted_at ?? Date.now(),
          deleted_by: actor.userId,
        };
      },
      options,
    );
  }

  /**
   * Adds a reaction of the actor; the same one is stored once.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_RATE_LIMITED
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when the message has too many different emojis
   */
  async react(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options: ChatChangeOptions = {},
  ): Promise<ChatMessage> {
    const userId = userIdOf(actor);
    checkLine('An emoji', emoji, MAX_EMOJI_LENGTH);
    await this.context.rate.spend(actor);
    return this.change(
      { actor, place, action: 'message.react', kind: 'message.reacted' },
      async (queries, row) => {
        const { tenant, channel_id, seq } = row;
        const emojis = await emojisOf(queries, row);
        if (!emojis.includes(emoji) && emojis.length >= this.context.limits.maxEmojis)
          throw exceeded(`A message has at most ${this.context.limits.maxEmojis} different emojis`);
        const added = await queries
          .insertInto('reactions')
          .values({ tenant, channel_id, seq, emoji, user_id: userId, created_at: Date.now() })
          .onConflict((c) => c.doNothing())
          .returning('emoji')
          .execute();
        return added.length > 0 ? {} : undefined;
      },
      options,
    );
  }

  /**
   * Removes a reaction of the actor; none remains none.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_RATE_LIMITED
   */
  async unreact(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options: ChatChangeOptions = {},
  ): Promise<ChatMessage> {
    const userId = userIdOf(actor);
    await this.context.rate.spend(actor);
    return this.change(
      { actor, place, action: 'message.react', kind: 'message.reacted' },
      async (queries, row) => {
        const removed = await partsOf(queries, 'reactions', row)
          .where('emoji', '=', emoji)
          .where('user_id', '=', userId)
          .returning('emoji')
          .execute();
        return removed.length > 0 ? {} : undefined;
      },
      options,
    );
  }

  /**
   * Pins a message.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when the channel has too many pinned messages
   */
  async pin(actor: ChatActor, place: MessagePlace, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    return this.change(
      { actor, place, action: 'message.pin', kind: 'message.pinned' },
      async (queries, row) => {
        if (row.pinned_at !== null) return undefined;
        const pinned = await queries
          .selectFrom('messages as m')
          .select('m.seq')
          .where('m.tenant', '=', row.tenant)
          .where('m.channel_id', '=', row.channel_id)
          .where('m.pinned_at', 'is not', null)
          .limit(this.context.limits.maxPins)
          .execute();
        if (pinned.length >= this.context.limits.maxPins)
          throw exceeded(`A channel has at most ${this.context.limits.maxPins} pinned messages`);
        return { pinned_at: Date.now(), pinned_by: actor.userId };
      },
      options,
    );
  }

  /** Unpins a message. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  async unpin(actor: ChatActor, place: MessagePlace, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    return this.change(
      { actor, place, action: 'message.pin', kind: 'message.pinned', state: 'any' },
      async (_queries, row) => (row.pinned_at === null ? undefined : { pinned_at: null, pinned_by: null }),
      options,
    );
  }

  private async beforePost(
    queries: Queries,
    actor: ChatActor,
    message: NewMessage,
  ): Promise<{ open: OpenChannel; earlier: LoadedMessage | undefined }> {
    const open = await this.context.gate.look(queries, actor, message.channelId);
    const earlier = await this.findPosted(queries, actor, message);
    if (!earlier) await this.demandPost(queries, open);
    return { open, earlier };
  }

  private async demandPost(queries: Queries, open: OpenChannel): Promise<void> {
    await this.context.gate.demand(open, 'message.post');
    if (open.resource.isFixed && open.member) await refuseBlocked(queries, open.member);
    if (open.channel.archived_at !== null)
      throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is archived.');
    if (open.channel.frozen_at !== null && open.subject.kind !== 'server')
      throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is frozen; only the server posts.');
  }

  private async findPosted(
    queries: Queries,
    { tenant, userId }: ChatActor,
    { channelId, clientId }: NewMessage,
  ): Promise<LoadedMessage | undefined> {
    if (clientId === undefined || userId === null) return undefined;
    const row = await queries
      .selectFrom('messages as m')
      .selectAll()
      .where('m.tenant', '=', tenant)
      .where('m.channel_id', '=', channelId)
      .where('m.author_id', '=', userId)
      .where('m.client_id', '=', clientId)
      .executeTakeFirst();
    return row && (await this.context.reader.load(queries, [row]))[0];
  }

  private async store(
    queries: Queries,
    { channel }: OpenChannel,
    message: NewMessage & {
      readonly data: string | null;
      readonly mentions: readonly string[];
      readonly author: string | null;
    },
  ): Promise<LoadedMessage> {
    const { text, data, mentions, author, clientId = null, replyTo, threadSeq } = message;
    const { createdAt = Date.now() } = message;
    if (replyTo !== undefined) await this.existingOf(queries, channel, checkSeq('replyTo', replyTo));
    const root =
      threadSeq === undefined
        ? undefined
        : await this.existingOf(queries, channel, checkSeq('threadSeq', threadSeq));
    if (root && root.thread_seq !== null)
      throw invalid('threadSeq is the number of a message that is no reply in a thread itself');
    const { last_seq: seq, revision } = await queries
      .updateTable('channels')
      .set((eb) => ({
        last_seq: eb('last_seq', '+', 1),
        revision: eb('revision', '+', root ? 2 : 1),
        active_at: createdAt,
      }))
      .where('tenant', '=', channel.tenant)
      .where('id', '=', channel.id)
      .returning(['last_seq', 'revision'])
      .executeTakeFirstOrThrow();
    const row = await queries
      .insertInto('messages')
      .values({
        tenant: channel.tenant,
        channel_id: channel.id,
        seq,
        revision,
        kind: author === null ? 'system' : 'user',
        author_id: author,
        client_id: clientId,
        text,
        data,
        reply_to: replyTo ?? null,
        thread_seq: threadSeq ?? null,
        created_at: createdAt,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await this.setMentions(queries, row, mentions);
    if (root) await this.countReply(queries, row, { root, revision: revision - 1 });
    await this.publish(queries, row, 'message.posted');
    return (await this.context.reader.load(queries, [row]))[0]!;
  }

  /** A reply changes the message that began its thread, so that its readers see the count. */
  private async countReply(
    queries: Queries,
    { created_at, seq, author_id }: MessageRow,
    { root, revision }: { readonly root: MessageRow; readonly revision: number },
  ): Promise<void> {
    await updateMessage(queries, root)
      .set((eb) => ({ reply_count: eb('reply_count', '+', 1), last_reply_at: created_at, revision }))
      .execute();
    const readers = new Map([
      [root.author_id, root.seq],
      [author_id, seq],
    ]);
    for (const [userId, read_seq] of readers)
      if (userId !== null)
        await queries
          .insertInto('thread_readers')
          .values({
            tenant: root.tenant,
            channel_id: root.channel_id,
            thread_seq: root.seq,
            user_id: userId,
            read_seq,
          })
          .onConflict((c) => c.doNothing())
          .execute();
    await this.publish(queries, root, 'message.replied');
  }

  private async uncountReply(
    queries: Queries,
    { tenant, channel_id, thread_seq, deleted_at }: MessageRow,
  ): Promise<void> {
    if (thread_seq === null || deleted_at !== null) return;
    const revision = await nextRevision(queries, { tenant, id: channel_id });
    const root = await updateMessage(queries, { tenant, channel_id, seq: thread_seq })
      .set((eb) => ({ reply_count: eb('reply_count', '-', 1), revision }))
      .returningAll()
      .executeTakeFirst();
    if (root) await this.publish(queries, root, 'message.replied');
  }

  /** Runs a change of one message; undefined changes nothing and publishes nothing. */
  private async change(
    change: {
      readonly actor: ChatActor;
      readonly place: MessagePlace;
      readonly action: 'message.edit' | 'message.delete' | 'message.purge' | 'message.react' | 'message.pin';
      readonly kind: ChatChangeKind;
      /** `any` also changes a deleted message. */
      readonly state?: 'any';
    },
    set: (queries: Queries, row: MessageRow) => Promise<Partial<MessageRow> | undefined>,
    options: ChatChangeOptions,
  ): Promise<ChatMessage> {
    const { actor, place, action, kind, state } = change;
    const loaded = await this.context.work.change(async (queries) => {
      const open = await this.context.gate.lock(queries, actor, place.channelId);
      const row = await this.existing(queries, open, place.seq, state);
      await this.demandChange(open, row, action);
      const changes = await set(queries, row);
      if (!changes) return (await this.context.reader.load(queries, [row]))[0]!;
      const revision = await nextRevision(queries, open.channel);
      const changed = await updateMessage(queries, row)
        .set({ ...changes, revision })
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.publish(queries, row, kind);
      return (await this.context.reader.load(queries, [changed]))[0]!;
    }, options);
    return this.finish(loaded);
  }

  private async finish(loaded: LoadedMessage): Promise<ChatMessage> {
    return (await this.context.reader.finish([loaded]))[0]!;
  }

  private async demandChange(
    open: OpenChannel,
    row: MessageRow,
    action: 'message.edit' | 'message.delete' | 'message.purge' | 'message.react' | 'message.pin',
  ): Promise<void> {
    await this.context.gate.demand(open, action, { authorId: row.author_id });
    if (
      open.channel.frozen_at !== null &&
      open.subject.kind !== 'server' &&
      (action === 'message.edit' || action === 'message.react')
    )
      throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is frozen; only the server changes messages.');
  }

  private existing(
    queries: Queries,
    { channel }: OpenChannel,
    seq: number,
    state?: 'any',
  ): Promise<MessageRow> {
    return this.existingOf(queries, channel, checkSeq('seq', seq), state);
  }

  private async existingOf(
    queries: Queries,
    { tenant, id }: ChannelRow,
    seq: number,
    state?: 'any',
  ): Promise<MessageRow> {
    const row = await queries
      .selectFrom('messages as m')
      .selectAll()
      .where('m.tenant', '=', tenant)
      .where('m.channel_id', '=', id)
      .where('m.seq', '=', seq)
      .executeTakeFirst();
    if (!row || (row.deleted_at !== null && state !== 'any'))
      throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}, or it is deleted.`);
    return row;
  }

  private async setMentions(queries: Queries, row: MessageRow, mentions: readonly string[]): Promise<void> {
    const { tenant, channel_id, seq } = row;
    await partsOf(queries, 'mentions', row).execute();
    if (mentions.length === 0) return;
    const members = await queries
      .selectFrom('members as m')
      .select('m.user_id')
      .where('m.tenant', '=', tenant)
      .where('m.channel_id', '=', channel_id)
      .where('m.user_id', 'in', mentions)
      .execute();
    if (members.length === 0) return;
    await queries
      .insertInto('mentions')
      .values(members.map(({ user_id }) => ({ tenant, channel_id, seq, user_id })))
      .execute();
  }

  private checkContent({
    text,
    data,
    mentions = [],
  }: {
    readonly text: string;
    readonly data?: unknown;
    readonly mentions?: readonly string[];
  }): Content {
    const { maxTextLength, maxMessageDataBytes, maxMentions } = this.context.limits;
    const users = [...new Set(mentions.map(checkUserId))];
    if (users.length > maxMentions) throw exceeded(`A message mentions at most ${maxMentions} users`);
    return {
      text: checkText('The text of a message', text, maxTextLength),
      data: checkData(data, maxMessageDataBytes),
      mentions: users,
    };
  }

  private async askHooks(
    actor: ChatActor,
    { channel }: OpenChannel,
    sent: Content & {
      readonly replyTo?: number | undefined;
      readonly threadSeq?: number | undefined;
      readonly isEdit?: true;
    },
  ): Promise<Content> {
    const { text, mentions, replyTo = null, threadSeq = null, isEdit = false } = sent;
    const data = parse(sent.data);
    const verdict = await this.context.hooks.willSend({
      actor,
      channel: channelOf(channel),
      text,
      data,
      mentions,
      replyTo,
      threadSeq,
      isEdit,
    });
    if (!verdict) return sent;
    if ('refuse' in verdict) throw new ChatError(ChatErrorCode.Refused, verdict.refuse);
    return this.checkContent({ text, data, mentions, ...verdict });
  }

  private callDidSend(message: ChatMessage, actor: ChatActor): void {
    Promise.resolve()
      .then(() => this.context.hooks.didSend(message, actor))
      .catch((error: unknown) => this.logger.error(`The hook didSend failed: ${String(error)}`));
  }

  private async publish(
    queries: Queries,
    { tenant, channel_id, seq }: MessageRow,
    kind: ChatChangeKind,
  ): Promise<void> {
    await storeInOutbox(queries, [{ tenant, kind, channelId: channel_id, seq }]);
  }
}

/** Keeps a user out of the direct channels with those who blocked them. */
async function refuseBlocked(queries: Queries, { tenant, channel_id, user_id }: MemberRow): Promise<void> {
  const blocker = await queries
    .selectFrom('blocks as b')
    .innerJoin('members as m', (join) =>
      join
        .onRef('m.tenant', '=', 'b.tenant')
        .onRef('m.user_id', '=', 'b.user_id')
        .on('m.channel_id', '=', channel_id),
    )
    .select('b.user_id')
    .where('b.tenant', '=', tenant)
    .where('b.blocked_id', '=', user_id)
    .executeTakeFirst();
  if (blocker) throw new ChatError(ChatErrorCode.Forbidden, 'A member of this channel has blocked the user.');
}

function checkImport({ kind }: ChatActor, { createdAt }: NewMessage): void {
  if (createdAt === undefined) return;
  if (kind !== 'server') throw invalid('Only the server gives the time of a message');
  if (!Number.isSafeInteger(createdAt) || createdAt < 0 || createdAt > Date.now())
    throw invalid('createdAt is a whole number of milliseconds since 1970, not in the future');
}

const EMPTY = { text: null, data: null, pinned_at: null, pinned_by: null } as const;

function parse(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}

async function nextRevision(
  queries: Queries,
  { tenant, id }: Pick<ChannelRow, 'tenant' | 'id'>,
): Promise<number> {
  const { revision } = await queries
    .updateTable('channels')
    .set((eb) => ({ revision: eb('revision', '+', 1) }))
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
}

function updateMessage(
  queries: Queries,
  { tenant, channel_id, seq }: Pick<MessageRow, 'tenant' | 'channel_id' | 'seq'>,
) {
  return queries
    .updateTable('messages')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq);
}

type PartsTable = 'reactions' | 'mentions' | 'versions' | 'reports';

function partsOf<T extends PartsTable>(queries: Queries, table: T, { tenant, channel_id, seq }: MessageRow) {
  return queries
    .deleteFrom(table as 'reactions')
    .where('tenant', '=', tenant)
    .where('channel_id', '=', channel_id)
    .where('seq', '=', seq);
}

async function clearParts(queries: Queries, row: MessageRow, tables: readonly PartsTable[]): Promise<void> {
  for (const table of tables) await partsOf(queries, table, row).execute();
}

async function emojisOf(queries: Queries, { tenant, channel_id, seq }: MessageRow): Promise<string[]> {
  const rows = await queries
    .selectFrom('reactions as r')
    .select('r.emoji')
    .distinct()
    .where('r.tenant', '=', tenant)
    .where('r.channel_id', '=', channel_id)
    .where('r.seq', '=', seq)
    .execute();
  return rows.map(({ emoji }) => emoji);
}

async function mentionedBy(queries: Queries, { tenant, channel_id, seq }: MessageRow): Promise<string[]> {
  const rows = await queries
    .selectFrom('mentions as n')
    .select('n.user_id')
    .where('n.tenant', '=', tenant)
    .where('n.channel_id', '=', channel_id)
    .where('n.seq', '=', seq)
    .execute();
  return rows.map(({ user_id }) => user_id);
}
