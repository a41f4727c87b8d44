import { demandStored } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { checkId } from '../limits/checks.js';
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
import { entitiesJson, parsedData, type ContentCheck, type SentContent } from './message-content.js';
import { setMentions } from './message-mentions.js';
import type { LoadedMessage } from './message-reader.js';
import { deleteParts, hasEdit, keepVersion, MESSAGE_PARTS, NO_CONTENT } from './message-rows.js';
import { uncountReply } from './message-threads.js';

/** The new content of a message; what is left out remains. */
export interface MessageChanges {
  readonly text?: string;
  /** The marked ranges; a new text without them has none. */
  readonly entities?: readonly ChatEntity[];
  readonly data?: unknown;
  readonly mentions?: readonly string[];
  /**
   * The id that the client gave to the edit: 1 to 64 characters of A-Z a-z 0-9 _ . -
   *
   * A repetition with the same id changes nothing, also after other edits, and returns the message as it is.
   */
  readonly clientId?: string;
}

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
    const { work, rate, changer, content, reader } = this.parts;
    const { clientId = null } = changes;
    if (clientId !== null) checkId('The client id', clientId);
    const look = (queries: Queries) => this.look(queries, actor, { ...place, clientId });
    const { open, row, loaded, isRepeated } = await (options.tx
      ? work.change(look, options)
      : work.read(look));
    if (isRepeated) return changer.finish(loaded);
    const { channel, type } = open;
    const sent = content.check(contentOf(changes, row, loaded), type);
    await rate.spend(actor, type);
    const { reply_to: replyTo, thread_seq: threadSeq } = row;
    const attachments = reader.attachments(loaded.attachments);
    const draft = { actor, channel, type, replyTo, threadSeq, attachments, isEdit: true };
    const accepted = await content.askHook(sent, draft);
    return changer.run(
      { actor, place, action: 'message.edit', kind: 'message.edited' },
      async (queries, found) => {
        if (clientId !== null && (await hasEdit(queries, found, clientId))) return undefined;
        await keepVersion(queries, found, actor.userId);
        await setMentions(queries, found, accepted.mentions);
        const { text, data } = accepted;
        const entities = entitiesJson(accepted.entities);
        const version = found.version + 1;
        return { text, entities, data, edited_at: Date.now(), version, edit_id: clientId };
      },
      options,
    );
  }

  private async look(
    queries: Queries,
    actor: ChatActor,
    { clientId, ...place }: MessagePlace & { readonly clientId: string | null },
  ) {
    const { gate, changer, reader } = this.parts;
    const open = await gate.look(queries, actor, place.channelId);
    demandStored(open.channel, 'An edit');
    const row = await existingMessage(queries, open.channel, place.seq);
    await changer.demand(open, row, 'message.edit');
    const [loaded] = await reader.load(queries, [row]);
    return {
      open,
      row,
      loaded: loaded!,
      isRepeated: clientId !== null && (await hasEdit(queries, row, clientId)),
    };
  }

  /** Deletes a message for its readers. */
  delete(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.parts.changer.run(
      { actor, place, action: 'message.delete', kind: 'message.deleted' },
      async (queries, row) => {
        await keepVersion(queries, row, actor.userId);
        await deleteParts(queries, row, ['reactions', 'mentions', 'growths']);
        await uncountReply(queries, row);
        return { ...NO_CONTENT, version: row.version + 1, deleted_at: Date.now(), deleted_by: actor.userId };
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
        return { ...NO_CONTENT, author_id: null, client_id: null, ...deleted };
      },
      options,
    );
  }
}

/** The new content; what the changes leave out remains. */
function contentOf(changes: MessageChanges, row: MessageRow, { mentions }: LoadedMessage): SentContent {
  return {
    text: changes.text ?? row.text ?? '',
    hasFiles: row.attachment_count > 0,
    entities: changes.entities ?? (isSameText(changes, row) ? entitiesOf(row) : []),
    data: changes.data === undefined ? parsedData(row.data) : changes.data,
    mentions: changes.mentions ?? mentions,
  };
}

function isSameText(changes: MessageChanges, row: MessageRow): boolean {
  return changes.text === undefined || changes.text === row.text;
}
