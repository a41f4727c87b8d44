import { Injectable } from '@nestjs/common';
import {
  ChatChange,
  chatChanges,
  chatServer,
  ChatService,
  parseText,
  type ChatMessage,
} from '@nestwire/chat';
import { DurableConsumer } from '@nestwire/messages';
import type { StreamGap } from '@nestwire/protocol';
import { ASSISTANT_ID } from '../people/team.js';
import { tokensFor } from './fake-model.js';

/** Questions that are older are not answered: they were imported, or waited too long. */
const MAX_AGE_MS = 60_000;

/** Answers in its direct channels, and in rooms where somebody mentions it. */
@Injectable()
export class Assistant {
  private readonly actor = chatServer({ userId: ASSISTANT_ID });

  constructor(private readonly chat: ChatService) {}

  /** One server of the cluster answers each question, also after a restart. */
  @DurableConsumer(chatChanges('default'), { name: 'assistant', concurrency: 20 })
  async onChange(change: ChatChange | StreamGap): Promise<void> {
    if (!(change instanceof ChatChange) || change.kind !== 'message.posted' || change.seq === null) return;
    if (Date.now() - change.changedAt > MAX_AGE_MS) return;
    const place = { channelId: change.channelId, seq: change.seq };
    const message = await this.chat.history.get(chatServer(), place);
    if (await this.isAsked(message)) await this.answer(message);
  }

  private async isAsked({ channelId, author, text, mentions, createdAt }: ChatMessage): Promise<boolean> {
    if (author === null || author.id === ASSISTANT_ID || text === null) return false;
    if (Date.now() - createdAt > MAX_AGE_MS) return false;
    if (mentions.includes(ASSISTANT_ID)) return true;
    const { channel, membership } = await this.chat.channels.get(this.actor, channelId);
    return channel.type === 'direct' && membership !== null;
  }

  private async answer({ channelId, seq, threadSeq, text }: ChatMessage): Promise<void> {
    const place = { channelId, clientId: `answer-${seq}`, replyTo: seq };
    await this.chat.messages.grow(
      this.actor,
      { ...place, ...(threadSeq !== null && { threadSeq }) },
      (signal) => tokensFor(text!, signal),
      { finish: parseText },
    );
  }
}
