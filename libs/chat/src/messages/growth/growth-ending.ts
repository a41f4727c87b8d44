import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ChatError, ChatErrorCode } from '../../error/chat-error.js';
import type { ChatActor } from '../../policy/chat-actor.js';
import type { ChatEntity } from '../../text/chat-entity.js';
import type { ChatMessage } from '../chat-message.js';
import type { ChangeParts } from '../message-change.js';
import { entitiesJson, type ContentCheck } from '../message-content.js';
import type { NewMessage } from '../new-message.js';
import { messageAt, type MessageKey } from '../message-rows.js';
import type { GrowthResult } from './growing-message.js';
import type { ChatGrowthOptions } from './growth.options.js';
import type { GrowthEnd, GrowthStore } from './growth-store.js';

/** A message that begins without text. */
export type NewGrowingMessage = Omit<NewMessage, 'text' | 'entities' | 'createdAt' | 'attachmentIds'>;

/** The settings of one growing message. */
export interface GrowOptions {
  /** Stops the message when it aborts; the text so far remains. */
  readonly signal?: AbortSignal;
  /**
   * Returns the final content for the whole text, such as `parseText`.
   *
   * @default the text as it is
   */
  readonly finish?: (text: string) => { readonly text: string; readonly entities?: readonly ChatEntity[] };
}

/** A growing message with everything that its end needs. */
export interface GrowthJob {
  readonly key: MessageKey;
  readonly actor: ChatActor;
  readonly message: NewGrowingMessage;
  readonly options: GrowOptions;
  /** The length at which the message ends, in UTF-16 units. */
  readonly maxTextLength: number;
}

/** Stores the end of growing messages, after the hook has seen the whole text. */
export class GrowthEnding {
  private readonly logger = new Logger('Chat');

  constructor(
    private readonly parts: ChangeParts & { readonly content: ContentCheck; readonly store: GrowthStore },
    private readonly settings: Required<ChatGrowthOptions>,
  ) {}

  /**
   * Stores the end, and returns the final message.
   *
   * @throws {ChatError} CHAT_REFUSED when the hook refuses the text, which is removed; CHAT_UNAVAILABLE
   */
  async finish(job: GrowthJob, { state, error }: GrowthResult, text: string): Promise<ChatMessage> {
    if (state === 'failed') this.logger.warn(`The source of a growing message failed: ${String(error)}`);
    if (state === 'lost') return this.load(job.key);
    const [accepted] = await Promise.allSettled([this.contentOf(job, text)]);
    const isAccepted = accepted.status === 'fulfilled';
    const isEnded = await this.end(
      job.key,
      isAccepted
        ? { state, content: accepted.value }
        : { state: 'failed', content: { text: '', entities: null } },
    );
    if (!isAccepted) throw accepted.reason;
    const message = await this.load(job.key);
    if (isEnded) this.parts.content.tellHook(message, job.actor);
    return message;
  }

  /** Asks the application for the final content, and the hook for its verdict. */
  private async contentOf(
    { actor, message, options }: GrowthJob,
    text: string,
  ): Promise<GrowthEnd['content']> {
    if (text.trim() === '') return { text };
    const { content, work, gate } = this.parts;
    const { channelId, replyTo = null, threadSeq = null, data, mentions = [] } = message;
    const { channel, type } = await work.read((queries) => gate.look(queries, actor, channelId));
    const sent = content.check({ ...(options.finish?.(text) ?? { text }), data, mentions }, type);
    const place = { actor, channel, type, replyTo, threadSeq, attachments: [], isEdit: false };
    const accepted = await content.askHook(sent, place);
    return { text: accepted.text, entities: entitiesJson(accepted.entities), data: accepted.data };
  }

  /** Tries again while the lease lasts; after it, another server ends the message. */
  private async end(key: MessageKey, end: GrowthEnd): Promise<boolean> {
    for (const deadline = Date.now() + this.settings.leaseMs; ;)
      try {
        return await this.parts.store.end(key, end);
      } catch (error) {
        if (Date.now() >= deadline) throw error;
        await delay(this.settings.storeMs);
      }
  }

  private async load(key: MessageKey): Promise<ChatMessage> {
    const { work, reader } = this.parts;
    const loaded = await work.read(async (queries) => {
      const row = await messageAt(queries, key);
      return row && reader.load(queries, [row]);
    });
    if (!loaded) throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${key.seq}.`);
    return (await reader.finish(loaded))[0]!;
  }
}
