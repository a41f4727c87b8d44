import { createHash } from 'node:crypto';
import type { OpenChannel } from '../../channels/channel-gate.js';
import { takeNumbers } from '../../channels/channel-rows.js';
import type { ChannelRow } from '../../channels/chat-channel.js';
import { demandPosting } from '../../channels/posting-right.js';
import { demandStored } from '../../channels/stored-messages.js';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';
import type { ChangeRate } from '../../limits/change-rate.js';
import type { ChatChangeOptions } from '../../outbox/chat-work.js';
import type { ChatActor } from '../../policy/chat-actor.js';
import type { ChatMessage } from '../chat-message.js';
import type { ChangeParts } from '../message-change.js';
import { parsedData, type ContentCheck, type MessageContent } from '../message-content.js';
import { mentionable } from '../message-mentions.js';
import type { NewMessage } from '../new-message.js';
import type { EphemeralRooms } from '../../relay/ephemeral-rooms.js';
import { RecentIds } from './recent-ids.js';

/** The time in which a page sends a post again, in milliseconds. */
const REPEAT_MS = 600_000;
/** The most posts whose repetitions this process knows at once. */
const MAX_RECENT = 20_000;

/** A checked message for an opened channel. */
export interface CheckedPost {
  readonly message: NewMessage;
  readonly content: MessageContent;
  readonly open: OpenChannel;
}

/** Delivers new messages of channels whose messages are not stored. */
export class EphemeralPosts {
  private readonly recent = new RecentIds(REPEAT_MS, MAX_RECENT);

  constructor(
    private readonly parts: ChangeParts & {
      readonly content: ContentCheck;
      readonly rate: ChangeRate;
      readonly rooms: EphemeralRooms;
    },
  ) {}

  /**
   * Delivers a message; a repetition with its client id returns the first one, while it is kept.
   *
   * The history of the channel finds a repetition that comes by another server, after the hook was asked again. To
   * look there before would cost a read of all kept messages for each post.
   */
  async post(
    actor: ChatActor,
    { message, content: sent, open }: CheckedPost,
    options: ChatChangeOptions,
  ): Promise<ChatMessage> {
    const { rate, content, rooms } = this.parts;
    const { channel, type } = open;
    refuseStored(channel, message, options);
    await rate.spend(actor, type);
    const id = idOf(actor, message);
    const isRepeated = id !== undefined && this.recent.has(id);
    const earlier = isRepeated ? await this.find(actor, message) : undefined;
    if (earlier) return earlier;
    await this.demandAnswered(actor, message);
    const { replyTo = null } = message;
    const draft = { actor, channel, type, replyTo, threadSeq: null, attachments: [], isEdit: false };
    const accepted = await content.askHook(sent, draft);
    const { posted, unpublished } = await this.number(actor, message, accepted);
    await rooms.publishFirst(unpublished);
    if (id !== undefined) this.recent.add(id);
    const isNew = await rooms.deliver(placeOf(actor, message), posted, id);
    // A post that was sent again after a lost answer of the broker is no repetition of its author.
    const first = isNew || message.clientId === undefined ? posted : await this.first(actor, message);
    if (first.seq === posted.seq) content.tellHook(posted, actor);
    return first;
  }

  /** Checks everything again under the lock of the channel, and gives the message its numbers. */
  private async number(actor: ChatActor, message: NewMessage, content: MessageContent) {
    const { work, gate, reader, rooms } = this.parts;
    const author = await reader.authorOf(actor);
    return work.change(async (queries) => {
      const locked = await gate.lock(queries, actor, message.channelId);
      await demandPosting(queries, gate, locked);
      const createdAt = Date.now();
      const { last_seq: seq, revision } = await takeNumbers(queries, locked.channel, { createdAt });
      const mentions = await mentionable(queries, locked.channel, {
        mentions: content.mentions,
        authorId: actor.userId,
      });
      const posted = messageOf({ message, content }, { seq, revision, createdAt, author, mentions });
      return { posted, unpublished: await rooms.unpublished(queries, placeOf(actor, message)) };
    });
  }

  /** Finds the message that a repetition repeats. */
  private find(actor: ChatActor, message: NewMessage): Promise<ChatMessage | undefined> {
    return this.parts.rooms.find(placeOf(actor, message), (each) => isOf(each, actor, message.clientId));
  }

  /** Checks that the answered message is kept. */
  private async demandAnswered(actor: ChatActor, message: NewMessage): Promise<void> {
    const { replyTo } = message;
    if (replyTo === undefined) return;
    if (await this.parts.rooms.find(placeOf(actor, message), ({ seq }) => seq === replyTo)) return;
    throw new ChatError(
      ChatErrorCode.NotFound,
      `The channel has no message ${replyTo}, or keeps it no longer.`,
    );
  }

  private async first(actor: ChatActor, message: NewMessage): Promise<ChatMessage> {
    const first = await this.find(actor, message);
    if (first) return first;
    throw new ChatError(ChatErrorCode.NotFound, 'The message was delivered before, and is kept no longer.');
  }
}

/** Refuses what needs a table or a transaction. */
function refuseStored(channel: ChannelRow, message: NewMessage, { tx }: ChatChangeOptions): void {
  if (message.threadSeq !== undefined) demandStored(channel, 'A thread');
  if (message.createdAt !== undefined) demandStored(channel, 'An import');
  if (tx) demandStored(channel, 'A transaction');
}

function placeOf({ tenant }: ChatActor, { channelId }: NewMessage) {
  return { tenant, channelId };
}

function isOf({ author, clientId }: ChatMessage, { userId }: ChatActor, wanted: string | undefined): boolean {
  return wanted !== undefined && clientId === wanted && userId !== null && author?.id === userId;
}

/** The same for each attempt of an author; the history of the channel stores an id once. */
function idOf({ tenant, userId }: ChatActor, { channelId, clientId }: NewMessage): string | undefined {
  if (clientId === undefined) return undefined;
  const key = JSON.stringify([tenant, channelId, userId, clientId]);
  return `chat-post-${createHash('sha256').update(key).digest('base64url')}`;
}

function messageOf(
  { message, content }: Pick<CheckedPost, 'message' | 'content'>,
  given: Pick<ChatMessage, 'seq' | 'revision' | 'createdAt' | 'author' | 'mentions'>,
): ChatMessage {
  return {
    ...given,
    channelId: message.channelId,
    kind: given.author === null ? 'system' : 'user',
    clientId: message.clientId ?? null,
    text: content.text,
    entities: content.entities,
    growth: null,
    data: parsedData(content.data),
    replyTo: message.replyTo ?? null,
    threadSeq: null,
    replyCount: 0,
    lastReplyAt: null,
    editedAt: null,
    version: 1,
    deletedAt: null,
    pinnedAt: null,
    reactions: [],
    attachments: [],
  };
}
