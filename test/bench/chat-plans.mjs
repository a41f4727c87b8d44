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
import { ChatModule, ChatService, chatUser } from '@nestwire/chat';
import { SqliteFile } from '../../libs/chat/dist/database/embedded/sqlite-file.js';
import { bigOf, OwnQueries, Users } from './chat-data.mjs';

const RUNS = 21;
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    members: { type: 'string', default: '10000' },
  },
});
const size = { messages: Number(values.messages), members: Number(values.members) };
const big = bigOf(size);
const user = chatUser('u1');

/** @type {{ sql: string, params: readonly unknown[] }[]} */
let recorded = [];

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
  return { app, chat: app.get(ChatService) };
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
  const own = OwnQueries.ofFile(file);
  await own.fill(size);
  await report('SQLite', started, async (sql, params) =>
    (await own.run(`EXPLAIN QUERY PLAN ${sql}`, params)).map(({ detail }) => String(detail)),
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
  const own = await OwnQueries.ofPostgres(url, 'plans');
  await own.fill(size);
  await report('PostgreSQL', started, async (sql, params) =>
    (await own.run(`EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) ${sql}`, params)).map(
      (row) => row['QUERY PLAN'],
    ),
  );
  await started.app.close();
  await own.close();
  await pool.end();
}

await onSqlite();
if (process.env.POSTGRES_URL) await onPostgres(process.env.POSTGRES_URL);
