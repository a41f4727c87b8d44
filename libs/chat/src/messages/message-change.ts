import type { ChannelGate, OpenChannel } from '../channels/channel-gate.js';
import { nextRevision, type ChannelKey } from '../channels/channel-rows.js';
import { demandStored } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { checkSeq } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox, type ChatChangeKind } from '../outbox/outbox.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage, MessageRow } from './chat-message.js';
import type { LoadedMessage, MessageReader } from './message-reader.js';
import { messageAt, updateMessage, type MessageKey } from './message-rows.js';

/** The place of a message. */
export interface MessagePlace {
  readonly channelId: string;
  readonly seq: number;
}

/** The actions that change a stored message. */
export type MessageAction =
  'message.edit' | 'message.delete' | 'message.purge' | 'message.react' | 'message.pin';

/** A change of one message: the actor, and the right that it needs. */
export interface MessageChange {
  readonly actor: ChatActor;
  readonly place: MessagePlace;
  readonly action: MessageAction;
  readonly kind: ChatChangeKind;
  /** `any` also changes a deleted message. */
  readonly state?: 'any';
}

/** The parts that change messages. */
export interface ChangeParts {
  readonly work: ChatWork;
  readonly gate: ChannelGate;
  readonly reader: MessageReader;
}

/** Runs a change of one stored message in a transaction, and publishes it. */
export class MessageChanger {
  constructor(private readonly parts: ChangeParts) {}

  /**
   * Changes the row to what `set` returns; undefined changes nothing and publishes nothing.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  async run(
    { actor, place, action, kind, state }: MessageChange,
    set: (queries: Queries, row: MessageRow) => Promise<Partial<MessageRow> | undefined>,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    const { work, gate, reader } = this.parts;
    const loaded = await work.change(async (queries) => {
      const open = await gate.lock(queries, actor, place.channelId);
      demandStored(open.channel, 'A change of a message');
      const row = await existingMessage(queries, open.channel, place.seq, state);
      await this.demand(open, row, action);
      const changes = await set(queries, row);
      if (!changes) return (await reader.load(queries, [row]))[0]!;
      const revision = await nextRevision(queries, open.channel);
      const changed = await updateMessage(queries, row)
        .set({ ...changes, revision })
        .returningAll()
        .executeTakeFirstOrThrow();
      await publishMessage(queries, row, kind);
      return (await reader.load(queries, [changed]))[0]!;
    }, options);
    return this.finish(loaded);
  }

  /** Adds the author to a message. */
  async finish(loaded: LoadedMessage): Promise<ChatMessage> {
    return (await this.parts.reader.finish([loaded]))[0]!;
  }

  /**
   * Checks that the actor may change a message.
   *
   * @throws {ChatError} CHAT_FORBIDDEN by the policy; CHAT_READ_ONLY for a new content in a frozen channel, or of
   *   a message that grows
   */
  async demand(open: OpenChannel, { author_id, growth }: MessageRow, action: MessageAction): Promise<void> {
    await this.parts.gate.demand(open, action, { authorId: author_id });
    if (action === 'message.edit' && growth === 'growing')
      throw new ChatError(ChatErrorCode.ReadOnly, 'The message still grows; stop it first.');
    const isFrozen = open.channel.frozen_at !== null && open.subject.kind !== 'server';
    if (isFrozen && (action === 'message.edit' || action === 'message.react'))
      throw new ChatError(ChatErrorCode.ReadOnly, 'The channel is frozen; only the server changes messages.');
  }
}

/**
 * Reads a message that is not deleted; with `any`, also a deleted one.
 *
 * @throws {ChatError} CHAT_NOT_FOUND when there is none; CHAT_INVALID for the number
 */
export async function existingMessage(
  queries: Queries,
  { tenant, id }: ChannelKey,
  seq: number,
  state?: 'any',
): Promise<MessageRow> {
  const row = await messageAt(queries, { tenant, channel_id: id, seq: checkSeq('seq', seq) });
  if (row && (row.deleted_at === null || state === 'any')) return row;
  throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}, or it is deleted.`);
}

/** Stores a change of a message in the outbox. */
export async function publishMessage(
  queries: Queries,
  { tenant, channel_id, seq }: MessageKey,
  kind: ChatChangeKind,
): Promise<void> {
  await storeInOutbox(queries, [{ tenant, kind, channelId: channel_id, seq }]);
}
