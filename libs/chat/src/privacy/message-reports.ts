import type { ChannelGate } from '../channels/channel-gate.js';
import { demandStored } from '../channels/stored-messages.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { checkSeq } from '../limits/checks.js';
import type { MessagePlace } from '../messages/message-change.js';
import { messageAt } from '../messages/message-rows.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { checkReason } from './report-reason.js';
import { closeReports, openReports, storeReport } from './report-rows.js';

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
    private readonly rate: ChangeRate,
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
    const reason = checkReason(place.reason);
    await this.rate.spend(actor);
    await this.work.change(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'message.report');
      demandStored(open.channel, 'A report');
      const message = { tenant, channel_id: channelId };
      if (!(await messageAt(queries, { ...message, seq })))
        throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${seq}.`);
      await storeReport(queries, 'reports', { ...message, target: seq, reporter_id, reason });
      await storeInOutbox(queries, [
        { tenant, kind: 'message.reported', channelId, seq, userId: reporter_id },
      ]);
    }, options);
  }

  /** Reads the open reports of a channel, the oldest first. */
  async list(actor: ChatActor, channelId: string): Promise<readonly MessageReport[]> {
    return this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      const place = { tenant: actor.tenant, channel_id: channelId };
      const rows = await openReports(queries, 'reports', place);
      return rows.map(({ seq, reporter_id: reporterId, reason, created_at: createdAt }) => ({
        ...{ channelId, seq, reporterId, reason, createdAt },
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
      const message = { tenant: actor.tenant, channel_id: channelId, target: seq };
      await closeReports(queries, 'reports', message, actor.userId);
    }, options);
  }
}
