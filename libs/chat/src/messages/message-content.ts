import { Logger } from '@nestjs/common';
import { channelOf, type ChannelRow } from '../channels/chat-channel.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkData, checkText, exceeded } from '../limits/checks.js';
import { checkUserId, type ChatActor } from '../policy/chat-actor.js';
import type { ChatHooks } from './chat-hooks.js';
import type { ChatMessage } from './chat-message.js';

/** The content of a message as the author sent it. */
export interface SentContent {
  readonly text: string;
  readonly data?: unknown;
  readonly mentions?: readonly string[];
}

/** The checked content of a message, as it is stored. */
export interface MessageContent {
  readonly text: string;
  /** The JSON of the data; null without data. */
  readonly data: string | null;
  readonly mentions: readonly string[];
}

/** The facts about a draft that a hook sees beside the content. */
export interface DraftPlace {
  readonly actor: ChatActor;
  readonly channel: ChannelRow;
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  readonly isEdit: boolean;
}

/** Checks the content of messages, and asks the hooks of the application. */
export class ContentCheck {
  private readonly logger = new Logger('Chat');

  constructor(
    private readonly hooks: ChatHooks,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /**
   * Returns the content in the form in which it is stored.
   *
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   */
  check({ text, data, mentions = [] }: SentContent): MessageContent {
    const { maxTextLength, maxMessageDataBytes, maxMentions } = this.limits;
    const users = [...new Set(mentions.map(checkUserId))];
    if (users.length > maxMentions) throw exceeded(`A message mentions at most ${maxMentions} users`);
    return {
      text: checkText('The text of a message', text, maxTextLength),
      data: checkData(data, maxMessageDataBytes),
      mentions: users,
    };
  }

  /**
   * Asks `willSend`, and returns the content with its changes.
   *
   * @throws {ChatError} CHAT_REFUSED with the reason of the hook; as `check` for its changes
   */
  async askHook(content: MessageContent, { channel, ...place }: DraftPlace): Promise<MessageContent> {
    const { text, mentions } = content;
    const data = parsedData(content.data);
    const verdict = await this.hooks.willSend({
      ...place,
      channel: channelOf(channel),
      text,
      data,
      mentions,
    });
    if (!verdict) return content;
    if ('refuse' in verdict) throw new ChatError(ChatErrorCode.Refused, verdict.refuse);
    return this.check({ text, data, mentions, ...verdict });
  }

  /** Calls `didSend`; nobody waits for it, and its errors are logged. */
  tellHook(message: ChatMessage, actor: ChatActor): void {
    Promise.resolve()
      .then(() => this.hooks.didSend(message, actor))
      .catch((error: unknown) => this.logger.error(`The hook didSend failed: ${String(error)}`));
  }
}

/** Reads stored data; null without data. */
export function parsedData(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
