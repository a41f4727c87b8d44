import type { ChannelGate, OpenChannel } from '../channels/channel-gate.js';
import { memberOf } from '../channels/channel-rows.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import type { ChangeRate } from '../limits/change-rate.js';
import { invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { checkUserId, userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { checkReason } from './report-reason.js';
import { closeReports, openReports, storeReport } from './report-rows.js';

/** A user in a channel. */
export interface UserPlace {
  readonly channelId: string;
  readonly userId: string;
}

/** A report of a user to the moderators of a channel. */
export interface UserReport extends UserPlace {
  readonly reporterId: string;
  readonly reason: string;
  readonly createdAt: number;
}

/** Takes reports of users to the moderators. */
export class UserReports {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly rate: ChangeRate,
  ) {}

  /** Stores a report; a second one of the same reporter replaces the reason. */
  async add(
    actor: ChatActor,
    place: UserPlace & { readonly reason: string },
    options?: ChatChangeOptions,
  ): Promise<void> {
    const { tenant } = actor;
    const { channelId } = place;
    const userId = checkUserId(place.userId);
    const reporter_id = userIdOf(actor);
    if (userId === reporter_id) throw invalid('A user reports others, not itself');
    const reason = checkReason(place.reason);
    await this.rate.spend(actor);
    await this.work.change(async (queries) => {
      const open = await this.gate.look(queries, actor, channelId);
      await this.gate.demand(open, 'user.report', { targetId: userId });
      if (!(await isKnown(queries, open, userId)))
        throw new ChatError(
          ChatErrorCode.NotFound,
          'The user is no member of the channel, and wrote nothing in it.',
        );
      const target = { tenant, channel_id: channelId, target: userId };
      await storeReport(queries, 'user_reports', { ...target, reporter_id, reason });
      await storeInOutbox(queries, [{ tenant, kind: 'user.reported', channelId, userId }]);
    }, options);
  }

  /** Reads the open reports of a channel, the oldest first. */
  async list(actor: ChatActor, channelId: string): Promise<readonly UserReport[]> {
    return this.work.read(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      const place = { tenant: actor.tenant, channel_id: channelId };
      const rows = await openReports(queries, 'user_reports', place);
      return rows.map(({ user_id: userId, reporter_id: reporterId, reason, created_at: createdAt }) => ({
        ...{ channelId, userId, reporterId, reason, createdAt },
      }));
    });
  }

  /** Closes all reports of a user in a channel. */
  async resolve(
    actor: ChatActor,
    { channelId, userId }: UserPlace,
    options?: ChatChangeOptions,
  ): Promise<void> {
    await this.work.change(async (queries) => {
      await this.gate.demand(await this.gate.look(queries, actor, channelId), 'report.read');
      const target = { tenant: actor.tenant, channel_id: channelId, target: checkUserId(userId) };
      await closeReports(queries, 'user_reports', target, actor.userId);
    }, options);
  }
}

/** A user who has left is known by messages. */
async function isKnown(queries: Queries, { channel }: OpenChannel, userId: string): Promise<boolean> {
  if (await memberOf(queries, channel, userId)) return true;
  const written = await queries
    .selectFrom('messages as m')
    .select('m.seq')
    .where('m.tenant', '=', channel.tenant)
    .where('m.author_id', '=', userId)
    .where('m.channel_id', '=', channel.id)
    .limit(1)
    .executeTakeFirst();
  return written !== undefined;
}
