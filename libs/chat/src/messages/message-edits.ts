import { demandStored } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import type { ChangeRate } from '../limits/change-rate.js';
import type { ChatChangeOptions } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatEntity } from '../text/chat-entity.js';
import { entitiesOf, type ChatMessage, type MessageRow } from './chat-message.js';
import {
  existingMessage,
  type ChangeParts,
  type MessageChanger,
  type MessagePlace,
} from './message-change.js';
import { entitiesJson, parsedData, type ContentCheck } from './message-content.js';
import { setMentions } from './message-mentions.js';
import { deleteParts, keepVersion, MESSAGE_PARTS } from './message-rows.js';
import { uncountReply } from './message-threads.js';

/** The new content of a message; what is left out remains. */
export interface MessageChanges {
  readonly text?: string;
  /** The marked ranges; a new text without them has none. */
  readonly entities?: readonly ChatEntity[];
  readonly data?: unknown;
  readonly mentions?: readonly string[];
}

const EMPTY = {
  text: null,
  entities: null,
  growth: null,
  attachment_count: 0,
  data: null,
  pinned_at: null,
  pinned_by: null,
} as const;

/** Replaces and removes the content of stored messages. */
export class MessageEdits {
  constructor(
    private readonly parts: ChangeParts & {
      readonly changer: MessageChanger;
      readonly content: ContentCheck;
      readonly rate: ChangeRate;
    },
  ) {}

  /** Replaces the content; the former one is kept as a version. */
  async edit(
    actor: ChatActor,
    place: MessagePlace,
    changes: MessageChanges,
    options: ChatChangeOptions = {},
  ): Promise<ChatMessage> {
    const { work, gate, rate, changer, content, reader } = this.parts;
    const look = async (queries: Queries) => {
      const { channel, ...open } = await gate.look(queries, actor, place.channelId);
      demandStored(channel, 'An edit');
      const row = await existingMessage(queries, channel, place.seq);
      await changer.demand({ channel, ...open }, row, 'message.edit');
      return { channel, type: open.type, row, loaded: (await reader.load(queries, [row]))[0]! };
    };
    const { channel, type, row, loaded } = await (options.tx ? work.change(look, options) : work.read(look));
    const given = {
      text: changes.text ?? row.text ?? '',
      hasFiles: row.attachment_count > 0,
      entities: changes.entities ?? (isSameText(changes, row) ? entitiesOf(row) : []),
      data: changes.data === undefined ? parsedData(row.data) : changes.data,
      mentions: changes.mentions ?? loaded.mentions,
    };
    const sent = content.check(given, type);
    await rate.spend(actor, type);
    const { reply_to: replyTo, thread_seq: threadSeq } = row;
    const attachments = reader.attachments(loaded.attachments);
    const draft = { actor, channel, type, replyTo, threadSeq, attachments, isEdit: true };
    const accepted = await content.askHook(sent, draft);
    return changer.run(
      { actor, place, action: 'message.edit', kind: 'message.edited' },
      async (queries, found) => {
        await keepVersion(queries, found, actor.userId);
        await setMentions(queries, found, accepted.mentions);
        const { text, data } = accepted;
        const entities = entitiesJson(accepted.entities);
        return { text, entities, data, edited_at: Date.now(), version: found.version + 1 };
      },
      options,
    );
  }

  /** Deletes a message for its readers. */
  delete(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.parts.changer.run(
      { actor, place, action: 'message.delete', kind: 'message.deleted' },
      async (queries, row) => {
        await keepVersion(queries, row, actor.userId);
        await deleteParts(queries, row, ['reactions', 'mentions', 'growths']);
        await uncountReply(queries, row);
        return { ...EMPTY, version: row.version + 1, deleted_at: Date.now(), deleted_by: actor.userId };
      },
      options,
    );
  }

  /** Deletes a message with all its parts for good. */
  purge(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.parts.changer.run(
      { actor, place, action: 'message.purge', kind: 'message.deleted', state: 'any' },
      async (queries, row) => {
        await deleteParts(queries, row, MESSAGE_PARTS);
        await uncountReply(queries, row);
        const deleted = { deleted_at: row.deleted_at ?? Date.now(), deleted_by: actor.userId };
        return { ...EMPTY, author_id: null, client_id: null, ...deleted };
      },
      options,
    );
  }
}

function isSameText(changes: MessageChanges, row: MessageRow): boolean {
  return changes.text === undefined || changes.text === row.text;
}
