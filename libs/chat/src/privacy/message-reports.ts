import type { ChannelGate } from '../channels/channel-gate.js';
import { demandStored } from '../channels/stored-messages.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { checkSeq, checkText } from '../limits/checks.js';
import type { MessagePlace } from '../messages/message-change.js';
import { messageAt } from '../messages/message-rows.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';

const MAX_REASON = 1_000;
const MAX_REPORTS = 100;

/** A report of a message to the moderators. */
export interface MessageReport {
  readonly channelId: string;
  readonly seq: number;
  readonly reporterId: string;
  readonly reason: string;
  readonly createdAt: number;
}

/** Takes reports of messages to the moderators. */
export class MessageReports {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
  ) {}

  /** Stores a report; a second one of the same user replaces the reason. */
  async add(
    actor: ChatActor,
    place: MessagePlace & { readonly reason: string },
    options?: ChatChangeOptions,
  ): Promise<void> {
    const { tenant } = actor;
    const { channelId } = place;
    const seq = checkSeq('seq', place.seq);
    const reporter_id = userIdOf(actor);
    const reason = checkText('The reason of a report', place.reason, MAX_REASON);
    await this.work.change(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'message.report');
      demandStored(open.channel, 'A report');
      if (!(await messageAt(queries, { tenant, channel_id: channelId, seq })))
        throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}.`);
      await queries
        .insertInto('reports')
        .values({ tenant, channel_id: channelId, seq, reporter_id, reason, created_at: Date.now() })
        .onConflict((c) =>
          c
            .columns(['tenant', 'channel_id', 'seq', 'reporter_id'])
            .doUpdateSet({ reason, resolved_at: null, resolved_by: null }),
        )
        .execute();
      await storeInOutbox(queries, [
        { tenant, kind: 'message.reported', channelId, seq, userId: reporter_id },
      ]);
    }, options);
  }

  /** Reads the open reports of a channel, the oldest first. */
  async list(actor: ChatActor, channelId: string): Promise<readonly MessageReport[]> {
    return this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      const rows = await queries
        .selectFrom('reports as r')
        .selectAll()
        .where('r.tenant', '=', actor.tenant)
        .where('r.channel_id', '=', channelId)
        .where('r.resolved_at', 'is', null)
        .orderBy('r.created_at')
        .limit(MAX_REPORTS)
        .execute();
      return rows.map((row) => ({
        channelId: row.channel_id,
        seq: row.seq,
        reporterId: row.reporter_id,
        reason: row.reason,
        createdAt: row.created_at,
      }));
    });
  }

  /** Closes all reports of a message. */
  async resolve(
    actor: ChatActor,
    { channelId, seq }: MessagePlace,
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.work.change(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      await queries
        .updateTable('reports')
        .set({ resolved_at: Date.now(), resolved_by: actor.userId })
        .where('tenant', '=', actor.tenant)
        .where('channel_id', '=', channelId)
        .where('seq', '=', seq)
        .where('resolved_at', 'is', null)
        .execute();
    }, options);
  }
}
