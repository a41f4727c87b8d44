import { createHash, randomBytes } from 'node:crypto';
import type { Queries } from '../database/chat-database.js';
import { checkData, checkId, invalid } from '../limits/checks.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import type { ChatChangeOptions, ChatWork } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatRole } from '../policy/chat-role.js';
import { checkName, publishChannel } from './channel-changes.js';
import type { ChannelGate } from './channel-gate.js';
import { checkUsers, tooManyMembers } from './channel-members.js';
import { newMember } from './channel-rows.js';
import type { ChannelType, ChannelTypes } from './channel-type.js';
import { channelOf, type ChatChannel } from './chat-channel.js';

/** The properties of a new channel. */
export interface NewChannel {
  /** @default a random id */
  readonly id?: string;
  readonly type: string;
  readonly name?: string;
  readonly data?: unknown;
  /** The members beside the actor, who becomes the owner; at most 100. */
  readonly members?: readonly string[];
}

/** Creates channels, each once. */
export class ChannelCreation {
  constructor(
    private readonly work: ChatWork,
    private readonly gate: ChannelGate,
    private readonly types: ChannelTypes,
    private readonly limits: Required<ChatLimits>,
  ) {}

  /** Creates a channel, or returns the present one. */
  async create(actor: ChatActor, channel: NewChannel, options?: ChatChangeOptions): Promise<ChatChannel> {
    const type = this.types.get(channel.type);
    const users = usersOf(actor, channel, type);
    const row = this.rowOf(actor, { channel, type, users });
    return this.work.change(async (queries) => {
      await this.gate.demandOf({ ...actor, role: 'none' }, 'channel.create', {
        channelType: type.name,
        channelId: row.id,
      });
      const [created] = await queries
        .insertInto('channels')
        .values(row)
        .onConflict((c) => c.doNothing())
        .returningAll()
        .execute();
      if (!created) return this.present(queries, actor, row);
      const members = users.map((userId) =>
        newMember(created, { userId, role: firstRole(actor, type, userId) }),
      );
      if (members.length > 0) await queries.insertInto('members').values(members).execute();
      await publishChannel(queries, created, 'channel.created');
      for (const { user_id } of members) await publishChannel(queries, created, 'member.changed', user_id);
      return channelOf(created);
    }, options);
  }

  private rowOf(
    actor: ChatActor,
    of: { readonly channel: NewChannel; readonly type: ChannelType; readonly users: readonly string[] },
  ) {
    const { id = randomBytes(12).toString('base64url'), name, data } = of.channel;
    const now = Date.now();
    return {
      tenant: actor.tenant,
      id: checkId('The id of a channel', id),
      type: of.type.name,
      name: name === undefined ? null : checkName(name),
      direct_key: of.type.access === 'fixed' ? keyOf(of.type.name, of.users) : null,
      data: checkData(data, this.limits.maxMessageDataBytes),
      created_by: actor.userId,
      created_at: now,
      active_at: now,
      member_count: of.users.length,
      durability: of.type.ephemeral ? 'ephemeral' : 'stored',
    };
  }

  private async present(
    queries: Queries,
    actor: ChatActor,
    row: { id: string; direct_key: string | null },
  ): Promise<ChatChannel> {
    const found = await queries
      .selectFrom('channels as c')
      .select('c.id')
      .where('c.tenant', '=', actor.tenant)
      .where((eb) =>
        row.direct_key === null ? eb('c.id', '=', row.id) : eb('c.direct_key', '=', row.direct_key),
      )
      .executeTakeFirst();
    const { channel } = await this.gate.look(queries, actor, found?.id ?? row.id);
    return channelOf(channel);
  }
}

function usersOf({ userId }: ChatActor, { members = [] }: NewChannel, type: ChannelType): string[] {
  const users = checkUsers([...(userId === null ? [] : [userId]), ...members]);
  if (users.length > type.maxMembers) throw tooManyMembers(type.maxMembers);
  if (type.access === 'fixed' && users.length < 2)
    throw invalid(`A channel of the type '${type.name}' has at least two members`);
  return users;
}

/** The members of a fixed channel are equal. */
function firstRole(actor: ChatActor, { access }: ChannelType, userId: string): ChatRole {
  if (userId !== actor.userId) return 'member';
  if (actor.kind === 'guest') return 'guest';
  return access === 'fixed' ? 'member' : 'owner';
}

/** A hash, because the ids of the members together have no bounded length. */
function keyOf(type: string, userIds: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([type, ...userIds.toSorted()]))
    .digest('base64url');
}
