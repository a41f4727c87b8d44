// Measures the chat: posts through database and channel, a room of many readers, joins and lists in large tables,
// unread counts, the memory of a reader, and the growth with the number of messages. Prints a table. Needs a build;
// Redis and PostgreSQL too: a Redis that the tests find, and POSTGRES_URL with the URL of an empty database.
//
//   node --expose-gc test/bench/chat.mjs [--messages 1000000] [--few 10000] [--members 10000] [--readers 1000]
//     [--posts 1000]
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { chatChanges, ChatModule, ChatService, chatUser } from '@nestwire/chat';
import { MessagesService } from '@nestwire/messages';
import { StreamsModule } from '@nestwire/streams';
import { ExpiringAuthenticator } from '../faults/authenticator.mjs';
import { Child } from '../rig/child.mjs';
import { findRedis, startRedis } from '../rig/redis-server.mjs';
import { bigOf, OwnQueries, Users } from './chat-data.mjs';
import { collectGarbage } from './collect-garbage.mjs';
import { machineOf } from './machine.mjs';
import { median, quantile, ratioOf } from './statistics.mjs';

const READERS = new URL('chat-readers.mjs', import.meta.url);
const ROUNDS = 21;
const ROOM_POSTS = 50;
const POSTED_CHANNELS = 8;
const AT_ONCE = 32;
const UNLIMITED = 1e9;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    few: { type: 'string', default: '10000' },
    members: { type: 'string', default: '10000' },
    readers: { type: 'string', default: '1000' },
    posts: { type: 'string', default: '1000' },
  },
});
const [messages, few, members, readers, posts] = [
  ...[values.messages, values.few, values.members, values.readers, values.posts].map(Number),
];
const user = chatUser('u1');
/** Messages, members and channels are all fewer in the small tables. */
const large = { messages, members };
const small = { messages: few, members: Math.max(1, Math.round((members * few) / messages)) };

/** @typedef {import('@nestwire/chat').ChatDatabaseOptions} Database */
/** @typedef {Awaited<ReturnType<typeof start>>} Started */

/** @param {Database} database @param {string | undefined} redis */
async function start(database, redis) {
  class AppModule {}
  const limits = {
    connectsPerSecond: UNLIMITED,
    connectsPerSecondPerAddress: UNLIMITED,
    maxConnectionsPerAddress: 10_000,
    maxHandshakesPerAddress: 1_000,
  };
  Module({
    imports: [
      StreamsModule.forRoot({ redis, authenticator: ExpiringAuthenticator, trustProxy: false, limits }),
      ChatModule.forRoot({ users: Users, database, limits: { changesPerWindow: UNLIMITED } }),
    ],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = `ws://127.0.0.1:${app.getHttpServer().address().port}/streams`;
  return { app, url, chat: app.get(ChatService), messages: app.get(MessagesService) };
}

/** @param {() => Promise<unknown>} work */
async function timeOf(work) {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

/** @param {number} value */
const ms = (value) => `${value.toFixed(1)} ms`;

/** Posts in several channels at once, until all changes have reached a listener. @param {Started} started */
async function postMany({ chat, messages: broker }) {
  const channels = Array.from({ length: POSTED_CHANNELS }, (_, at) => `posted${at}`);
  for (const id of channels) await chat.channels.create(user, { id, type: 'private' });
  let left = posts;
  const listening = new AbortController();
  const all = new Promise((resolve) => {
    const count = (/** @type {any} */ { kind }) =>
      kind === 'message.posted' && --left === 0 && resolve(undefined);
    void broker.addListener(chatChanges('default'), count, { signal: listening.signal });
  });
  let next = 0;
  const usage = process.cpuUsage();
  const wallMs = await timeOf(async () => {
    const worker = async () => {
      for (let at = next++; at < posts; at = next++)
        await chat.messages.post(user, {
          channelId: channels[at % channels.length] ?? '',
          text: `post ${at}`,
          clientId: `many-${at}`,
        });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await all;
  });
  listening.abort();
  const { user: ownUs, system } = process.cpuUsage(usage);
  return {
    'posts through database and channel': `${Math.round((posts / wallMs) * 1_000)} a second`,
    'CPU of a post': ms((ownUs + system) / 1_000 / posts),
  };
}

/** Lets many readers join one channel and hear posts. @param {Started} started */
async function fillRoom({ url, chat }) {
  const child = new Child(READERS);
  await collectGarbage();
  const before = process.memoryUsage();
  const joins = await child.ask('open', { url, count: readers, channelId: 'big' });
  await collectGarbage();
  const after = process.memoryUsage();
  const times = [];
  for (let at = 0; at < ROOM_POSTS; at++) {
    const text = `to all ${at}`;
    const heard = child.ask('hear', { text });
    const startedAtMs = Date.now();
    await chat.messages.post(user, { channelId: 'big', text });
    times.push((await heard) - startedAtMs);
  }
  await child.ask('close');
  await child.stop();
  const growth = (/** @type {keyof NodeJS.MemoryUsage} */ part) =>
    (after[part] - before[part]) / readers / 1_024;
  return {
    [`post to all of ${readers} readers, p50`]: ms(median(times)),
    [`post to all of ${readers} readers, p99`]: ms(quantile(times, 0.99)),
    'join over a stream, p50': ms(median(joins)),
    'join over a stream, p99': ms(quantile(joins, 0.99)),
    'heap of a joined reader': `${growth('heapUsed').toFixed(1)} KiB`,
    'resident memory of a joined reader': `${growth('rss').toFixed(1)} KiB`,
  };
}

/** Reads the unread count of each member of one channel. @param {Started} started */
async function countUnread({ chat }) {
  /** @type {number[]} */
  const times = [];
  let next = 1;
  const wallMs = await timeOf(async () => {
    const worker = async () => {
      for (let at = next++; at <= members; at = next++)
        times.push(await timeOf(() => chat.lists.entry(chatUser(`u${at}`), 'big')));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  });
  return {
    [`unread counts of ${members} members, ${AT_ONCE} at once`]: `${(wallMs / 1_000).toFixed(1)} s`,
    'one of them, p50': ms(median(times)),
    'one of them, p99': ms(quantile(times, 0.99)),
  };
}

/** @param {Started} started @param {import('./chat-data.mjs').Size} size */
const worksOf = ({ chat }, size) => ({
  join: () => chat.history.page(user, { channelId: 'big' }),
  list: () => chat.lists.mine(user, { limit: 30 }),
  changes: () => chat.history.changesSince(user, { channelId: 'big', revision: bigOf(size) - 50 }),
  'unread count': () => chat.lists.entry(chatUser('u2'), 'big'),
  post: () => chat.messages.post(user, { channelId: 'big', text: 'x' }),
});

/** Compares each work in large and in small tables, one after the other. @param {Started} inLarge @param {Started} inSmall */
async function compareGrowth(inLarge, inSmall) {
  const [ofLarge, ofSmall] = [worksOf(inLarge, large), worksOf(inSmall, small)];
  /** @type {Record<string, string>} */
  const figures = {};
  for (const name of /** @type {(keyof typeof ofLarge)[]} */ (Object.keys(ofLarge))) {
    const rounds = [];
    const unitRounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ time: await timeOf(ofLarge[name]) });
      unitRounds.push({ time: await timeOf(ofSmall[name]) });
    }
    const { median: ratio, low, high } = ratioOf(rounds, unitRounds, 'time');
    figures[`${name} at ${messages} messages, p50`] = ms(median(rounds.map(({ time }) => time)));
    figures[`${name}: ratio to ${few} messages`] =
      `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  }
  return figures;
}

/**
 * Measures everything in two databases of a kind.
 *
 * @param {{ large: Database, small: Database, queriesOf: (database: Database) => Promise<OwnQueries> }} databases
 * @param {string | undefined} redis
 */
async function measure(databases, redis) {
  const inLarge = await start(databases.large, redis);
  const inSmall = await start(databases.small, undefined);
  for (const [database, size] of /** @type {const} */ ([
    [databases.large, large],
    [databases.small, small],
  ])) {
    const own = await databases.queriesOf(database);
    await own.fill(size);
    await own.close();
  }
  const figures = {
    ...(await compareGrowth(inLarge, inSmall)),
    ...(await countUnread(inLarge)),
    ...(await postMany(inLarge)),
    ...(await fillRoom(inLarge)),
  };
  await inLarge.app.close();
  await inSmall.app.close();
  return figures;
}

/** @param {string | undefined} redis */
async function measureAll(redis) {
  /** @type {Record<string, Record<string, string>>} */
  const columns = {};
  const folder = mkdtempSync(join(tmpdir(), 'nestwire-chat-bench-'));
  columns.embedded = await measure(
    {
      large: { file: join(folder, 'large.sqlite') },
      small: { file: join(folder, 'small.sqlite') },
      queriesOf: async ({ file = '' }) => OwnQueries.ofFile(file),
    },
    redis,
  );
  rmSync(folder, { recursive: true });
  const postgres = process.env.POSTGRES_URL;
  if (postgres)
    columns.PostgreSQL = await measure(
      {
        large: { postgres, schema: 'bench_large' },
        small: { postgres, schema: 'bench_small' },
        queriesOf: ({ schema = '' }) => OwnQueries.ofPostgres(postgres, schema),
      },
      redis,
    );
  return columns;
}

const redis = (await findRedis()) && (await startRedis());
const loadBefore = loadavg()[0] ?? 0;
const columns = await measureAll(redis?.url);
await redis?.stop();
const names = Object.keys(columns);
const { date, cores, versions } = machineOf();
console.log(
  `${date}, Node ${versions.node}, ${cores} cores, load ${loadBefore.toFixed(1)} before and ` +
    `${(loadavg()[0] ?? 0).toFixed(1)} after, ${redis ? 'Redis' : 'no Redis'}\n`,
);
console.log(`| figure | ${names.join(' | ')} |\n|---|${names.map(() => '---|').join('')}`);
for (const figure of Object.keys(columns.embedded ?? {}))
  console.log(`| ${figure} | ${names.map((name) => columns[name]?.[figure] ?? '').join(' | ')} |`);
