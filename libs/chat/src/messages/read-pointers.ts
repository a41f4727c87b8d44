import type { ChannelGate } from '../channels/channel-gate.js';
import { demandStored } from '../channels/stored-messages.js';
import type { Queries } from '../database/chat-database.js';
import { ChatError, ChatErrorCode } from '../error/chat-error.js';
import { checkSeq, invalid } from '../limits/checks.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import { storeInOutbox } from '../outbox/outbox.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import { messageAt } from './message-rows.js';

/** Moves the pointers that tell how far a user has read. */
export class ReadPointers {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
  ) {}

  /**
   * Moves the pointer of the actor forward; a lower number changes nothing. Returns the pointer.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member; CHAT_INVALID for a number beyond the last message
   */
  async mark(actor: ChatActor, channelId: string, seq: number, options?: ChatChangeOptions): Promise<number> {
    const userId = userIdOf(actor);
    checkSeq('seq', seq);
    return this.work.change(async (queries) => {
      const { channel, member } = await this.gate.look(queries, actor, channelId);
      if (!member) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      demandStored(channel, 'A read pointer');
      if (seq > channel.last_seq)
        throw invalid(`The last message of the channel has the number ${channel.last_seq}`);
      const moved = await queries
        .updateTable('members')
        .set({ read_seq: seq })
        .where('tenant', '=', actor.tenant)
        .where('channel_id', '=', channelId)
        .where('user_id', '=', userId)
        .where('read_seq', '<', seq)
        .returning('read_seq')
        .executeTakeFirst();
      if (!moved) return this.pointerOf(queries, actor, channelId);
      await storeInOutbox(queries, [{ tenant: actor.tenant, kind: 'read.moved', channelId, userId, seq }]);
      return seq;
    }, options);
  }

  /**
   * Moves the pointer of the actor in a thread forward, and makes the actor follow the thread. Returns the pointer.
   *
   * @throws {ChatError} CHAT_NOT_FOUND when the actor is no member, or the message does not exist; CHAT_INVALID for a number beyond the last message
   */
  async markThread(
    actor: ChatActor,
    place: { readonly channelId: string; readonly threadSeq: number; readonly seq: number },
    options?: ChatChangeOptions,
  ): Promise<number> {
    const userId = userIdOf(actor);
    const { channelId, threadSeq } = place;
    const seq = checkSeq('seq', place.seq);
    return this.work.change(async (queries) => {
      const { channel, member } = await this.gate.look(queries, actor, channelId);
      if (!member) throw new ChatError(ChatErrorCode.NotFound, 'The user is no member of the channel.');
      demandStored(channel, 'A read pointer');
      if (seq > channel.last_seq)
        throw invalid(`The last message of the channel has the number ${channel.last_seq}`);
      const root = { tenant: actor.tenant, channel_id: channelId, seq: checkSeq('threadSeq', threadSeq) };
      if (!(await messageAt(queries, root)))
        throw new ChatError(ChatErrorCode.NotFound, `The channel has no message ${threadSeq}.`);
      const row = {
        tenant: actor.tenant,
        channel_id: channelId,
        thread_seq: threadSeq,
        user_id: userId,
      };
      const moved = await queries
        .insertInto('thread_readers')
        .values({ ...row, read_seq: seq })
        .onConflict((c) =>
          c
            .columns(['tenant', 'channel_id', 'thread_seq', 'user_id'])
            .doUpdateSet({ read_seq: seq })
            .where('thread_readers.read_seq', '<', seq),
        )
        .returning('read_seq')
        .executeTakeFirst();
      if (moved) {
        await storeInOutbox(queries, [
          { tenant: actor.tenant, kind: 'thread.read', channelId, userId, seq: threadSeq },
        ]);
        return seq;
      }
      const { read_seq } = await queries
        .selectFrom('thread_readers as t')
        .select('t.read_seq')
        .where('t.tenant', '=', row.tenant)
        .where('t.channel_id', '=', channelId)
        .where('t.thread_seq', '=', threadSeq)
        .where('t.user_id', '=', userId)
        .executeTakeFirstOrThrow();
      return read_seq;
    }, options);
  }

  private async pointerOf(queries: Queries, actor: ChatActor, channelId: string): Promise<number> {
    const { read_seq } = await queries
      .selectFrom('members as m')
      .select('m.read_seq')
      .where('m.tenant', '=', actor.tenant)
      .where('m.channel_id', '=', channelId)
      .where('m.user_id', '=', userIdOf(actor))
      .executeTakeFirstOrThrow();
    return read_seq;
  }
}
