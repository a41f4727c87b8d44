// Shows the plan and the time of each query of the chat at 1,000,000 messages, with 10,000 members of a channel and
// 10,000 channels of a user. Needs a build; PostgreSQL too, where POSTGRES_URL has the URL of an empty database.
//
//   node test/bench/chat-plans.mjs [--messages 1000000] [--members 10000]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import pg from 'pg';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { MessagesModule } from '@nestwire/messages';
import { ChatModule, ChatService, ChatUsers, chatUser } from '@nestwire/chat';
import { SqliteFile } from '../../libs/chat/dist/database/embedded/sqlite-file.js';
import { ChatDatabase } from '../../libs/chat/dist/database/chat-database.js';

const RUNS = 21;
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    members: { type: 'string', default: '10000' },
  },
});
const [messages, members] = [Number(values.messages), Number(values.members)];
const big = Math.floor(messages / 2);
const perChannel = Math.floor((messages - big) / members);
const user = chatUser('u1');

/** @type {{ sql: string, params: readonly unknown[] }[]} */
let recorded = [];

class Users extends ChatUsers {
  /** @param {readonly string[]} ids */
  findMany(ids) {
    return ids.map((id) => ({ id, name: id }));
  }
}

/**
 * Starts an application with the chat on a database.
 *
 * @param {import('@nestwire/chat').ChatDatabaseOptions} database
 */
async function start(database) {
  class AppModule {}
  const chat = ChatModule.forRoot({ users: Users, database, limits: { changesPerWindow: 1_000_000 } });
  Module({ imports: [MessagesModule.forRoot({}), chat] })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return { app, chat: app.get(ChatService), database: app.get(ChatDatabase) };
}

/**
 * Fills the tables: the channel `big` has all members and half of the messages, and the user is in many small ones.
 *
 * @param {(sql: string) => Promise<unknown>} run
 * @param {(table: string) => string} table
 * @param {(from: number, to: number) => string} series a table `s` with the column `n`
 */
async function fill(run, table, series) {
  const channel = 'tenant, id, type, created_at, active_at, last_seq, revision, member_count';
  await run(
    `INSERT INTO ${table('channels')} (${channel}) VALUES ('default', 'big', 'public', 1, 1, ${big}, ${big}, ${members})`,
  );
  await run(`INSERT INTO ${table('channels')} (${channel})
    SELECT 'default', 'c' || n, 'private', n, n * 7919 % 1000003, ${perChannel}, ${perChannel}, 2 FROM ${series(1, members)}`);
  const member = 'tenant, channel_id, user_id, role, state, joined_at, read_seq, active_at';
  await run(`INSERT INTO ${table('members')} (${member})
    SELECT 'default', 'big', 'u' || n, 'member', 'joined', 1, ${big} - n % 2000, 1 FROM ${series(1, members)}`);
  await run(`INSERT INTO ${table('members')} (${member})
    SELECT 'default', 'c' || n, 'u1', 'member', 'joined', 1, n % ${perChannel}, n * 7919 % 1000003 FROM ${series(1, members)}`);
  const message = 'tenant, channel_id, seq, revision, kind, author_id, client_id, text, created_at';
  await run(`INSERT INTO ${table('messages')} (${message})
    SELECT 'default', 'big', n, n, 'user', 'u' || (n % ${members} + 1), 'k' || n, 'the message number ' || n, n
    FROM ${series(1, big)}`);
  await run(`INSERT INTO ${table('messages')} (${message})
    SELECT 'default', 'c' || (n % ${members} + 1), n / ${members} + 1, n / ${members} + 1, 'user', 'u2', 'k' || n,
    'a text in a small channel ' || n, n FROM ${series(0, perChannel * members - 1)}`);
}

/** @param {Awaited<ReturnType<typeof start>>['chat']} chat */
const work = (chat) => ({
  'list of 30 of 10,000 channels': () => chat.lists.mine(user, { limit: 30 }),
  'newest page of 500,000 messages': () => chat.history.page(user, { channelId: 'big' }),
  'page in the middle': () => chat.history.page(user, { channelId: 'big', before: Math.floor(big / 2) }),
  'changes since a revision': () => chat.history.changesSince(user, { channelId: 'big', revision: big - 50 }),
  'page of 10,000 members': () => chat.lists.members(user, 'big', { limit: 100 }),
  'search for a rare text in one channel': () =>
    chat.search.find(user, { channelId: 'big', text: `number ${big - 19_000}` }),
  'post to 10,000 members': () =>
    chat.messages.post(user, { channelId: 'big', text: 'x', clientId: `p${Math.random()}` }),
  'move a pointer': () => chat.pointers.mark(user, 'big', big),
});

/**
 * Runs each work, and prints its times and the plans of its queries.
 *
 * @param {string} name
 * @param {Awaited<ReturnType<typeof start>>} started
 * @param {(sql: string, params: readonly unknown[]) => Promise<string[]>} explain
 */
async function report(name, { chat }, explain) {
  for (const [title, run] of Object.entries(work(chat))) {
    recorded = [];
    await run();
    const queries = [...new Map(recorded.map((query) => [query.sql, query])).values()];
    recorded = [];
    const times = [];
    for (let at = 0; at < RUNS; at++) {
      const began = performance.now();
      await run();
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    console.log(
      `\n## ${name}: ${title}: median ${times[RUNS >> 1]?.toFixed(1)} ms, slowest ${times.at(-1)?.toFixed(1)} ms`,
    );
    for (const { sql, params } of queries) {
      if (!/^(with|select|update|delete)/i.test(sql) || /clock_timestamp|"?leases|outbox/.test(sql)) continue;
      console.log(`\n${sql.slice(0, 160)}…`);
      for (const line of await explain(sql, params)) console.log(`    ${line}`);
    }
  }
}

async function onSqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'nestwire-plans-'));
  const ask = SqliteFile.prototype.query;
  SqliteFile.prototype.query = function (connection, sql, params) {
    recorded.push({ sql, params });
    return ask.call(this, connection, sql, params);
  };
  const file = join(folder, 'chat.sqlite');
  const started = await start({ file });
  const own = new SqliteFile({ file, busyTimeoutMs: 60_000, maxQueuedQueries: 100 });
  /** @param {string} sql @param {readonly unknown[]} params */
  const run = (sql, params = []) => ask.call(own, 'write', sql, params);
  await fill(
    run,
    (name) => `"nestwire_chat_${name}"`,
    (from, to) =>
      `(WITH RECURSIVE s(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM s WHERE n < ${to}) SELECT n FROM s)`,
  );
  await run('ANALYZE');
  await report('SQLite', started, async (sql, params) =>
    (await run(`EXPLAIN QUERY PLAN ${sql}`, params)).map(({ detail }) => String(detail)),
  );
  await own.close();
  await started.app.close();
  rmSync(folder, { recursive: true });
}

/** @param {string} url */
async function onPostgres(url) {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('connect', (client) => {
    const ask = client.query.bind(client);
    client.query = /** @type {typeof client.query} */ (
      (/** @type {string} */ sql, /** @type {unknown[]} */ params) => {
        if (typeof sql === 'string') recorded.push({ sql, params: params ?? [] });
        return ask(sql, params);
      }
    );
  });
  const started = await start({ postgres: pool, schema: 'plans' });
  const own = new pg.Client({ connectionString: url });
  await own.connect();
  await fill(
    (sql) => own.query(sql),
    (name) => `"plans"."${name}"`,
    (from, to) => `(SELECT generate_series(${from}, ${to}) AS n) AS s`,
  );
  await own.query('VACUUM ANALYZE');
  await report('PostgreSQL', started, async (sql, params) =>
    (await own.query(`EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) ${sql}`, [...params])).rows.map(
      (row) => row['QUERY PLAN'],
    ),
  );
  await started.app.close();
  await own.end();
  await pool.end();
}

await onSqlite();
if (process.env.POSTGRES_URL) await onPostgres(process.env.POSTGRES_URL);
