import { Inject, Injectable } from '@nestjs/common';
import {
  ChatChange,
  chatChanges,
  ChatError,
  chatRoom,
  chatServer,
  ChatService,
  type ChatMessage,
} from '@nestwire/chat';
import { DurableConsumer, PresenceService } from '@nestwire/messages';
import { StreamGap } from '@nestwire/protocol';
import type { Pool } from 'pg';
import { recipientsOf } from './recipients.js';

/** Sends to the devices of users: by web-push, FCM or APNs. */
export abstract class PushGateway {
  abstract send(userId: string, push: { title: string; body: string; tag: string }): Promise<void>;
}

// #region log
@Injectable()
export class PushLog {
  constructor(@Inject('Pool') private readonly pool: Pool) {}

  /** Runs work once for each id. A failure leaves no mark, so that a later attempt repeats the work. */
  async once(id: string, work: () => Promise<void>): Promise<void> {
    const { rows } = await this.pool.query('SELECT 1 FROM pushes WHERE id = $1', [id]);
    if (rows.length > 0) return;
    await work();
    await this.pool.query('INSERT INTO pushes (id, sent_at) VALUES ($1, now())', [id]);
  }
}
// #endregion log

// #region push
@Injectable()
export class PushSender {
  constructor(
    private readonly chat: ChatService,
    private readonly presence: PresenceService,
    private readonly log: PushLog,
    private readonly gateway: PushGateway,
  ) {}

  @DurableConsumer(chatChanges('default'), { name: 'push' })
  async onChange(change: ChatChange | StreamGap): Promise<void> {
    // A push for a change that the history has lost would be late.
    if (change instanceof StreamGap || change.seq === null) return;
    if (change.kind !== 'message.posted' && change.kind !== 'message.grown') return;
    const message = await this.messageOf(change);
    // The end of a growing message is a change of its own.
    if (!message || message.growth?.isGrowing) return;
    const { tenant, channelId } = change;
    const readers = await this.presence.list(chatRoom(tenant, channelId));
    const present = new Set(readers.map(({ userId }) => userId));
    for await (const page of recipientsOf(this.chat, change))
      for (const { userId } of page) if (!present.has(userId)) await this.push(userId, message);
  }

  private async push(userId: string, { channelId, seq, author, text }: ChatMessage): Promise<void> {
    const tag = `${channelId}/${seq}`;
    const push = { title: author?.name ?? 'System', body: text?.slice(0, 100) || 'A file', tag };
    await this.log.once(`${tag}/${userId}`, () => this.gateway.send(userId, push));
  }

  /** Returns undefined for a message that was removed since. */
  private async messageOf({ tenant, channelId, seq }: ChatChange): Promise<ChatMessage | undefined> {
    try {
      return await this.chat.history.get(chatServer({ tenant }), { channelId, seq: seq! });
    } catch (error) {
      if (error instanceof ChatError && error.code === 'CHAT_NOT_FOUND') return undefined;
      throw error;
    }
  }
}
// #endregion push
