import { Inject, Injectable } from '@nestjs/common';
import { ChatChange, chatChanges, ChatService, chatUser, type ChannelEntry } from '@nestwire/chat';
import { DurableConsumer } from '@nestwire/messages';
import { StreamGap } from '@nestwire/protocol';
import type { Pool } from 'pg';
import { recipientsOf } from './recipients.js';

/** Sends mails of the application. */
export abstract class Mailer {
  abstract sendDigest(userId: string, channels: readonly ChannelEntry[]): Promise<void>;
}

// #region due
@Injectable()
export class MailQueue {
  constructor(
    private readonly chat: ChatService,
    @Inject('Pool') private readonly pool: Pool,
  ) {}

  @DurableConsumer(chatChanges('default'), { name: 'mail' })
  async onChange(change: ChatChange | StreamGap): Promise<void> {
    if (change instanceof StreamGap || change.kind !== 'message.posted') return;
    for await (const page of recipientsOf(this.chat, change))
      await this.pool.query(
        `INSERT INTO mail_due (user_id, due_at) SELECT unnest($1::text[]), now() + interval '1 hour'
         ON CONFLICT DO NOTHING`,
        [page.map(({ userId }) => userId)],
      );
  }
}
// #endregion due

// #region digest
@Injectable()
export class DigestJob {
  constructor(
    private readonly chat: ChatService,
    private readonly mailer: Mailer,
    @Inject('Pool') private readonly pool: Pool,
  ) {}

  /** Sends all mails that are due. Several servers may call it at once, each minute. */
  async run(): Promise<void> {
    while (await this.sendNext());
  }

  /** The row is gone if and only if the mail was sent, or nothing is unread any more. */
  private async sendNext(): Promise<boolean> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<{ user_id: string }>(
        `DELETE FROM mail_due WHERE user_id = (SELECT user_id FROM mail_due WHERE due_at <= now()
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING user_id`,
      );
      for (const { user_id } of rows) await this.send(user_id);
      await client.query('COMMIT');
      return rows.length > 0;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  private async send(userId: string): Promise<void> {
    const { entries } = await this.chat.lists.mine(chatUser(userId), { limit: 100 });
    const unread = entries.filter(
      ({ unreadCount, membership }) => unreadCount > 0 && (membership.mutedUntil ?? 0) < Date.now(),
    );
    if (unread.length > 0) await this.mailer.sendDigest(userId, unread);
  }
}
// #endregion digest
