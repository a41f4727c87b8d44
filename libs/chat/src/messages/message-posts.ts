import { attachUploads, usableUploads } from '../attachments/attachment-rows.js';
import type { AttachmentRow } from '../attachments/chat-attachment.js';
import type { OpenChannel } from '../channels/channel-gate.js';
import type { ChannelType } from '../channels/channel-type.js';
import { takeNumbers } from '../channels/channel-rows.js';
import { demandPosting } from '../channels/posting-right.js';
import { demandStored, isEphemeral } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { checkId, invalid } from '../limits/checks.js';
import type { ChatChangeOptions } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage, MessageRow } from './chat-message.js';
import { EphemeralPosts } from './ephemeral/ephemeral-posts.js';
import type { EphemeralRooms } from '../relay/ephemeral-rooms.js';
import { existingMessage, publishMessage, type ChangeParts, type MessageChanger } from './message-change.js';
import { entitiesJson, type ContentCheck, type MessageContent } from './message-content.js';
import { setMentions } from './message-mentions.js';
import type { LoadedMessage } from './message-reader.js';
import type { NewMessage } from './new-message.js';
import { selectMessages } from './message-rows.js';
import { countReply } from './message-threads.js';

/** A message with its checked content, ready to be stored. */
interface StoredPost
  extends Omit<NewMessage, 'text' | 'entities' | 'data' | 'mentions' | 'attachmentIds'>, MessageContent {
  /** Makes it a growing message; runs in the transaction. */
  readonly begin?: (queries: Queries, row: MessageRow) => Promise<void>;
}

/** Stores new messages, each once. */
export class MessagePosts {
  private readonly ephemeral: EphemeralPosts;

  constructor(
    private readonly parts: ChangeParts & {
      readonly changer: MessageChanger;
      readonly content: ContentCheck;
      readonly rate: ChangeRate;
      readonly rooms: EphemeralRooms;
    },
  ) {
    this.ephemeral = new EphemeralPosts(parts);
  }

  /** Posts a message; a repetition with its client id returns the first one. */
  async post(actor: ChatActor, message: NewMessage, options: ChatChangeOptions = {}): Promise<ChatMessage> {
    const { work, rate, changer, content, reader } = this.parts;
    const { replyTo = null, threadSeq = null } = message;
    checkClientId(actor, message);
    checkImport(actor, message);
    const before = (queries: Queries) => this.beforePost(queries, actor, message);
    // The hook may be slow, so it runs before the transaction; the transaction checks everything again.
    const found = await (options.tx ? work.change(before, options) : work.read(before));
    const { open, earlier, sent, uploads } = found;
    if (earlier) return changer.finish(earlier);
    if (isEphemeral(open.channel))
      return this.ephemeral.post(actor, { message, content: sent, open }, options);
    const { channel, type } = open;
    await rate.spend(actor, type);
    const attachments = reader.attachments(uploads);
    const place = { actor, channel, type, replyTo, threadSeq, attachments, isEdit: false };
    const accepted = await content.askHook(sent, place);
    const { posted, isNew } = await this.storeOnce(actor, { ...message, ...accepted }, options);
    if (isNew && !options.tx) content.tellHook(posted, actor);
    return posted;
  }

  /**
   * Posts a message without text that begins to grow; a repetition with its client id returns the first one.
   *
   * `begin` runs in the transaction that stores it.
   */
  async begin(
    actor: ChatActor,
    message: Omit<NewMessage, 'text' | 'entities' | 'createdAt' | 'attachmentIds'>,
    begin: (queries: Queries, row: MessageRow) => Promise<void>,
  ): Promise<{ readonly posted: ChatMessage; readonly isNew: boolean; readonly type: ChannelType }> {
    checkClientId(actor, message);
    const { work, gate, rate } = this.parts;
    const { type } = await work.read((queries) => gate.look(queries, actor, message.channelId));
    const content = { ...this.parts.content.check({ ...message, text: '…' }, type), text: '' };
    await rate.spend(actor, type);
    return { ...(await this.storeOnce(actor, { ...message, ...content, begin }, {})), type };
  }

  /** Checks everything in the transaction, which has the lock of the channel, and stores the message. */
  private async storeOnce(
    actor: ChatActor,
    message: StoredPost,
    options: ChatChangeOptions,
  ): Promise<{ readonly posted: ChatMessage; readonly isNew: boolean }> {
    const { work, gate, changer } = this.parts;
    const { loaded, isNew } = await work.change(async (queries) => {
      const locked = await gate.lock(queries, actor, message.channelId);
      await demandPosting(queries, gate, locked);
      if (message.attachmentIds.length > 0) await gate.demand(locked, 'message.attach');
      demandStored(locked.channel, 'A growing message');
      const repeated = await this.findPosted(queries, actor, message);
      if (repeated) return { loaded: repeated, isNew: false };
      return { loaded: await this.store(queries, locked, message), isNew: true };
    }, options);
    return { posted: await changer.finish(loaded), isNew };
  }

  private async beforePost(
    queries: Queries,
    actor: ChatActor,
    message: NewMessage,
  ): Promise<{
    open: OpenChannel;
    earlier: LoadedMessage | undefined;
    sent: MessageContent;
    uploads: readonly AttachmentRow[];
  }> {
    const open = await this.parts.gate.look(queries, actor, message.channelId);
    // The limits of the content bound the queries that follow.
    const sent = this.parts.content.check(message, open.type);
    const earlier = await this.findPosted(queries, actor, message);
    if (!earlier) await demandPosting(queries, this.parts.gate, open);
    const { channelId, attachmentIds = [] } = message;
    if (attachmentIds.length > 0) demandStored(open.channel, 'An attachment');
    if (attachmentIds.length > 0 && !earlier) await this.parts.gate.demand(open, 'message.attach');
    const uploads = earlier ? [] : await usableUploads(queries, { ...actor, channelId }, attachmentIds);
    return { open, earlier, sent, uploads };
  }

  private async findPosted(
    queries: Queries,
    { tenant, userId }: ChatActor,
    { channelId, clientId }: Pick<NewMessage, 'channelId' | 'clientId'>,
  ): Promise<LoadedMessage | undefined> {
    if (clientId === undefined || userId === null) return undefined;
    const row = await selectMessages(queries, { tenant, channel_id: channelId })
      .where('m.author_id', '=', userId)
      .where('m.client_id', '=', clientId)
      .executeTakeFirst();
    return row && (await this.parts.reader.load(queries, [row]))[0];
  }

  private async store(
    queries: Queries,
    { channel, subject }: OpenChannel,
    message: StoredPost,
  ): Promise<LoadedMessage> {
    const { clientId, replyTo, threadSeq, createdAt = Date.now(), begin } = message;
    const { text, entities, data, mentions, attachmentIds } = message;
    if (replyTo !== undefined) await existingMessage(queries, channel, replyTo);
    const root = threadSeq === undefined ? undefined : await existingMessage(queries, channel, threadSeq);
    if (root && root.thread_seq !== null)
      throw invalid('threadSeq is the number of a message that is no reply in a thread itself');
    const { last_seq: seq, revision } = await takeNumbers(queries, channel, {
      createdAt,
      revisions: root ? 2 : 1,
    });
    const row = await queries
      .insertInto('messages')
      .values({
        tenant: channel.tenant,
        channel_id: channel.id,
        seq,
        revision,
        kind: subject.userId === null ? 'system' : 'user',
        author_id: subject.userId,
        client_id: clientId ?? null,
        text,
        entities: entitiesJson(entities),
        growth: begin ? 'growing' : null,
        attachment_count: attachmentIds.length,
        data,
        reply_to: replyTo ?? null,
        thread_seq: threadSeq ?? null,
        created_at: createdAt,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await setMentions(queries, row, mentions);
    await attachUploads(queries, row, { userId: subject.userId, ids: attachmentIds });
    await begin?.(queries, row);
    if (root) await countReply(queries, row, { root, revision: revision - 1 });
    await publishMessage(queries, row, 'message.posted');
    return (await this.parts.reader.load(queries, [row]))[0]!;
  }
}

function checkClientId({ userId }: ChatActor, { clientId }: Pick<NewMessage, 'clientId'>): void {
  if (clientId === undefined) return;
  if (userId === null) throw invalid('A client id needs a user: give chatServer() a userId');
  checkId('The client id', clientId);
}

function checkImport({ kind }: ChatActor, { createdAt }: NewMessage): void {
  if (createdAt === undefined) return;
  if (kind !== 'server') throw invalid('Only the server gives the time of a message');
  if (!Number.isSafeInteger(createdAt) || createdAt < 0 || createdAt > Date.now())
    throw invalid('createdAt is a whole number of milliseconds since 1970, not in the future');
}
