import { sql } from 'kysely';
import type { ChannelGate } from '../channels/channel-gate.js';
import { demandStored } from '../channels/stored-messages.js';
import type { ChatDatabase, Queries } from '../database/chat-database.js';
import type { ChatLimits } from '../limits/chat-limits.js';
import { checkLine, checkPageSize, invalid } from '../limits/checks.js';
import { cursorOf, keyOfCursor } from '../limits/cursor.js';
import type { ChatWork } from '../outbox/chat-work.js';
import { userIdOf, type ChatActor } from '../policy/chat-actor.js';
import type { ChatMessage, MessageRow } from './chat-message.js';
import type { MessageReader } from './message-reader.js';

const MAX_QUERY = 200;
/** The most messages that one call of a `contains` search looks at; the cursor continues behind them. */
const SCANNED = 20_000;

/** A search in the channels that the actor has joined. */
export interface SearchRequest {
  readonly text: string;
  /** Searches in one channel only. */
  readonly channelId?: string;
  /**
   * `contains`: the text occurs anywhere; the case of ASCII letters is ignored. `words`: full text of PostgreSQL.
   *
   * @default 'contains'
   */
  readonly mode?: 'contains' | 'words';
  readonly cursor?: string;
  /** @default 25 */
  readonly limit?: number;
}

/** The found messages, the newest first. */
export interface SearchPage {
  readonly messages: readonly ChatMessage[];
  /** The cursor of the older messages; null when all were searched. A page may be empty and have one. */
  readonly next: string | null;
}

interface Wanted extends Required<Pick<SearchRequest, 'text' | 'limit'>> {
  readonly tenant: string;
  readonly userId: string;
  readonly channelId: string | undefined;
  readonly before: readonly [number, string, number] | undefined;
}

/** Finds messages by their text, within the rights of a member. */
export class ChatSearch {
  constructor(
    private readonly database: ChatDatabase,
    private readonly work: ChatWork,
    private readonly context: {
      readonly gate: ChannelGate;
      readonly reader: MessageReader;
      readonly limits: Required<ChatLimits>;
    },
  ) {}

  /**
   * Searches messages, also in threads; deleted ones are not found.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN for the channel
   * @throws {ChatError} CHAT_INVALID for the text, the cursor, and for `words` on SQLite
   */
  async find(actor: ChatActor, request: SearchRequest): Promise<SearchPage> {
    const { channelId, mode = 'contains', cursor, limit = 25 } = request;
    const { gate, reader, limits } = this.context;
    const text = checkLine('The text of a search', request.text, MAX_QUERY);
    if (mode === 'words' && this.database.kind !== 'postgres')
      throw invalid("The mode 'words' needs PostgreSQL");
    const before = cursor === undefined ? undefined : keyOfCursor(cursor, 'number', 'string', 'number');
    const wanted = {
      tenant: actor.tenant,
      userId: userIdOf(actor),
      text,
      channelId,
      before,
      limit: checkPageSize(limit, limits.maxPageSize),
    };
    return this.work.read(async (queries) => {
      if (channelId !== undefined) {
        const open = await gate.look(queries, actor, channelId);
        await gate.demand(open, 'channel.read');
        demandStored(open.channel, 'A search');
      }
      const { rows, next } =
        mode === 'words' ? await words(queries, wanted) : await contains(queries, wanted);
      return { messages: await inChannels(queries, reader, rows), next };
    });
  }
}

/** Looks at the newest messages before the cursor, up to a fixed number. */
async function contains(
  queries: Queries,
  wanted: Wanted,
): Promise<{ rows: MessageRow[]; next: string | null }> {
  const { text, limit } = wanted;
  const window = newestFirst(queries, wanted).limit(SCANNED);
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  const found = queries
    .with('scanned', () => window)
    .selectFrom('scanned as s')
    .selectAll()
    .where(sql<boolean>`lower(s.text) LIKE ${pattern} ESCAPE '\\'`);
  const sorted =
    wanted.channelId === undefined
      ? found.orderBy('s.created_at', 'desc').orderBy('s.channel_id', 'desc')
      : found;
  const rows = await sorted.orderBy('s.seq', 'desc').limit(limit).execute();
  if (rows.length === limit) return { rows, next: keyOf(rows.at(-1)!) };
  const [last] = await newestFirst(queries, wanted)
    .offset(SCANNED - 1)
    .limit(1)
    .execute();
  return { rows, next: last ? keyOf(last) : null };
}

async function words(queries: Queries, wanted: Wanted): Promise<{ rows: MessageRow[]; next: string | null }> {
  const { text, limit } = wanted;
  const rows = await newestFirst(queries, wanted)
    .where(
      sql<boolean>`to_tsvector('simple', coalesce(m.text, '')) @@ websearch_to_tsquery('simple', ${text})`,
    )
    .limit(limit)
    .execute();
  return { rows, next: rows.length === limit ? keyOf(rows.at(-1)!) : null };
}

function newestFirst(queries: Queries, { tenant, userId, channelId, before }: Wanted) {
  const all = queries
    .selectFrom('messages as m')
    .selectAll('m')
    .where('m.tenant', '=', tenant)
    .where('m.deleted_at', 'is', null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('members as j')
          .select('j.user_id')
          .whereRef('j.tenant', '=', 'm.tenant')
          .whereRef('j.channel_id', '=', 'm.channel_id')
          .where('j.user_id', '=', userId)
          .where('j.state', '=', 'joined'),
      ),
    );
  // In one channel the numbers are the order of time, and the key of the table has them.
  if (channelId !== undefined) {
    const inOne = all.where('m.channel_id', '=', channelId);
    return (before ? inOne.where('m.seq', '<', before[2]) : inOne).orderBy('m.seq', 'desc');
  }
  const older = before
    ? all.where(
        sql<boolean>`(m.created_at, m.channel_id, m.seq) < (${before[0]}, ${before[1]}, ${before[2]})`,
      )
    : all;
  return older.orderBy('m.created_at', 'desc').orderBy('m.channel_id', 'desc').orderBy('m.seq', 'desc');
}

function keyOf({ created_at, channel_id, seq }: MessageRow): string {
  return cursorOf([created_at, channel_id, seq]);
}

/** Completes the messages of each channel, and restores the order of the rows. */
async function inChannels(
  queries: Queries,
  reader: MessageReader,
  rows: readonly MessageRow[],
): Promise<ChatMessage[]> {
  const found = new Map<MessageRow, ChatMessage>();
  for (const channelId of new Set(rows.map(({ channel_id }) => channel_id))) {
    const ofChannel = rows.filter(({ channel_id }) => channel_id === channelId);
    const messages = await reader.complete(queries, ofChannel);
    for (const [at, row] of ofChannel.entries()) found.set(row, messages[at]!);
  }
  return rows.map((row) => found.get(row)!);
}
