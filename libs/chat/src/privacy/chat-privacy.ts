import type { ChannelGate } from '../channels/channel-gate.js';
import type { ChannelTypes } from '../channels/channel-type.js';
import type { MessagePlace } from '../messages/message-change.js';
import type { ChangeRate } from '../limits/change-rate.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import { MessageReports, type MessageReport } from './message-reports.js';
import { expireMessages } from './message-retention.js';
import { UserBlocks } from './user-blocks.js';
import { eraseUser } from './user-erasure.js';
import { exportUser, type ExportedRecord } from './user-export.js';
import { UserReports, type UserPlace, type UserReport } from './user-reports.js';

/** Blocks and reports users, reports messages, exports, erases and expires data. */
export class ChatPrivacy {
  private readonly blocks: UserBlocks;
  private readonly reported: MessageReports;
  private readonly reportedUsers: UserReports;

  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly types: ChannelTypes,
    rate: ChangeRate,
  ) {
    this.blocks = new UserBlocks(work);
    this.reported = new MessageReports(work, gate, rate);
    this.reportedUsers = new UserReports(work, gate, rate);
  }

  /**
   * Keeps a user from posting to direct channels with the actor.
   *
   * @throws {ChatError} CHAT_INVALID for the id; CHAT_LIMIT_EXCEEDED after 1,000 blocked users
   */
  block(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
    return this.blocks.add(actor, blockedId, options);
  }

  /** Ends a block; none remains none. @throws {ChatError} CHAT_INVALID for the server without a user */
  unblock(actor: ChatActor, blockedId: string, options?: ChatChangeOptions): Promise<void> {
    return this.blocks.remove(actor, blockedId, options);
  }

  /** Returns the ids of the users that the actor blocks, sorted. */
  blocked(actor: ChatActor): Promise<readonly string[]> {
    return this.blocks.list(actor);
  }

  /**
   * Reports a message to the moderators. A second report of the same user replaces the reason.
   *
   * @param place `reason` has 1 to 1,000 UTF-16 units
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID, CHAT_LIMIT_EXCEEDED, CHAT_RATE_LIMITED
   */
  report(
    actor: ChatActor,
    place: MessagePlace & { readonly reason: string },
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.reported.add(actor, place, options);
  }

  /**
   * Reads the open reports of messages of a channel, the oldest first; at most 100.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  reports(actor: ChatActor, channelId: string): Promise<readonly MessageReport[]> {
    return this.reported.list(actor, channelId);
  }

  /** Closes all reports of a message. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN */
  resolve(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<void> {
    return this.reported.resolve(actor, place, options);
  }

  /**
   * Reports a user of a channel to its moderators: a member, or an author who has left.
   *
   * A second report of the same reporter replaces the reason, and opens it again.
   *
   * @param place `userId` is the reported user; `reason` has 1 to 1,000 UTF-16 units
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID, CHAT_LIMIT_EXCEEDED, CHAT_RATE_LIMITED
   */
  reportUser(
    actor: ChatActor,
    place: UserPlace & { readonly reason: string },
    options?: ChatChangeOptions,
  ): Promise<void> {
    return this.reportedUsers.add(actor, place, options);
  }

  /**
   * Reads the open reports of users of a channel, the oldest first; at most 100.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  userReports(actor: ChatActor, channelId: string): Promise<readonly UserReport[]> {
    return this.reportedUsers.list(actor, channelId);
  }

  /** Closes all reports of a user in a channel. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_INVALID */
  resolveUser(actor: ChatActor, place: UserPlace, options?: ChatChangeOptions): Promise<void> {
    return this.reportedUsers.resolve(actor, place, options);
  }

  /**
   * Yields all data of a user, record by record; reads a page at a time.
   *
   * @throws {ChatError} CHAT_FORBIDDEN by the policy, which permits it to the user and the server
   */
  async *export(actor: ChatActor, userId: string): AsyncGenerator<ExportedRecord> {
    await this.gate.demandOf({ ...actor, role: 'none' }, 'user.export', { targetId: userId });
    yield* exportUser(this.work, { tenant: actor.tenant, userId });
  }

  /**
   * Erases a user: content of the messages and all traces in other tables. The numbers of messages remain.
   *
   * It runs in many short transactions and can be repeated after a failure. Returns the number of erased messages.
   *
   * @throws {ChatError} CHAT_FORBIDDEN by the policy, which permits it to the user and the server
   */
  async erase(actor: ChatActor, userId: string): Promise<number> {
    await this.gate.demandOf({ ...actor, role: 'none' }, 'user.erase', { targetId: userId });
    return eraseUser(this.work, { tenant: actor.tenant, userId });
  }

  /**
   * Removes messages that are older than `keepMs` of the type of their channel. Returns their number.
   *
   * The relay calls it every hour. It runs in many short transactions.
   */
  expire(nowMs: number = Date.now()): Promise<number> {
    return expireMessages(this.work, this.types, nowMs);
  }
}
