import { Logger } from '@nestjs/common';
import type { ChatAttachment } from '../attachments/chat-attachment.js';
import type { ChannelType } from '../channels/channel-type.js';
import { channelOf, type ChannelRow } from '../channels/chat-channel.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkData, checkText, exceeded, invalid } from '../limits/checks.js';
import { checkUserId, type ChatActor } from '../policy/chat-actor.js';
import type { ChatEntity } from '../text/chat-entity.js';
import { checkEntities } from '../text/check-entities.js';
import type { ChatHooks } from './chat-hooks.js';
import type { ChatMessage } from './chat-message.js';

/** The content of a message as the author sent it. */
export interface SentContent {
  readonly text: string;
  readonly entities?: readonly ChatEntity[] | undefined;
  readonly data?: unknown;
  readonly mentions?: readonly string[];
  readonly attachmentIds?: readonly string[] | undefined;
  /** True for an edit of a message with files, whose text may be empty. */
  readonly hasFiles?: boolean;
}

/** The checked content of a message, as it is stored. */
export interface MessageContent {
  readonly text: string;
  readonly entities: readonly ChatEntity[];
  /** The JSON of the data; null without data. */
  readonly data: string | null;
  /** The given users, and those of the entities. */
  readonly mentions: readonly string[];
  readonly attachmentIds: readonly string[];
}

/** The facts about a draft that a hook sees beside the content. */
export interface DraftPlace {
  readonly actor: ChatActor;
  readonly channel: ChannelRow;
  readonly type: ChannelType;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  readonly attachments: readonly ChatAttachment[];
  readonly isEdit: boolean;
}

/** Checks the content of messages, and asks the hooks of the application. */
export class ContentCheck {
  private readonly logger = new Logger('Chat');

  constructor(
    private readonly hooks: ChatHooks,
    private readonly limits: Required<ChatLimits>,
    private readonly maxAttachments: number,
  ) {}

  /**
   * Returns the content in the form in which it is stored in a channel of a type.
   *
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  check(sent: SentContent, { limits }: ChannelType): MessageContent {
    const { entities: ranges = [], data, mentions = [], attachmentIds = [], hasFiles } = sent;
    const { maxTextLength, maxMessageDataBytes, maxMentions, maxEntities } = { ...this.limits, ...limits };
    const mayBeEmpty = hasFiles || attachmentIds.length > 0;
    const text =
      mayBeEmpty && sent.text === '' ? '' : checkText('The text of a message', sent.text, maxTextLength);
    const entities = checkEntities(text, ranges, maxEntities);
    const marked = entities.flatMap(({ userId }) => userId ?? []);
    const users = [...new Set([...mentions, ...marked].map(checkUserId))];
    if (users.length > maxMentions) throw exceeded(`A message mentions at most ${maxMentions} users`);
    return {
      text,
      entities,
      data: checkData(data, maxMessageDataBytes),
      mentions: users,
      attachmentIds: checkIds(attachmentIds, limits.maxAttachments ?? this.maxAttachments),
    };
  }

  /**
   * Asks `willSend`, and returns the content with its changes.
   *
   * @throws {ChatError} CHAT_REFUSED with the reason of the hook; as `check` for its changes
   */
  async askHook(content: MessageContent, { channel, type, ...place }: DraftPlace): Promise<MessageContent> {
    const { text, entities, mentions, attachmentIds } = content;
    const data = parsedData(content.data);
    const verdict = await this.hooks.willSend({
      ...place,
      channel: channelOf(channel),
      text,
      entities,
      data,
      mentions,
    });
    if (!verdict) return content;
    if ('refuse' in verdict) throw new ChatError(ChatErrorCode.Refused, verdict.refuse);
    const kept = verdict.text === undefined || verdict.text === text ? entities : [];
    const hasFiles = place.attachments.length > 0;
    return this.check({ text, entities: kept, data, mentions, ...verdict, attachmentIds, hasFiles }, type);
  }

  /** Calls `didSend`; nobody waits for it, and its errors are logged. */
  tellHook(message: ChatMessage, actor: ChatActor): void {
    Promise.resolve()
      .then(() => this.hooks.didSend(message, actor))
      .catch((error: unknown) => this.logger.error(`The hook didSend failed: ${String(error)}`));
  }
}

function checkIds(ids: readonly string[], most: number): readonly string[] {
  if (ids.length > most) throw exceeded(`A message has at most ${most} attachments`);
  if (new Set(ids).size < ids.length) throw invalid('A message has each attachment once');
  return ids;
}

/** Reads stored data; null without data. */
export function parsedData(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}

/** Returns the JSON of entities as it is stored; null without any. */
export function entitiesJson(entities: readonly ChatEntity[]): string | null {
  return entities.length === 0 ? null : JSON.stringify(entities);
}
