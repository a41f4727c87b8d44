// An application with the chat, and tables with as many messages and members as a measurement needs. Needs a build.
import 'reflect-metadata';
import { ChatUsers } from '@nestwire/chat';
import pg from 'pg';
import { SqliteFile } from '../../libs/chat/dist/database/embedded/sqlite-file.js';

/** Every id is a user. */
export class Users extends ChatUsers {
  /** @param {readonly string[]} ids */
  findMany(ids) {
    return ids.map((id) => ({ id, name: id }));
  }
}

/**
 * The size of the tables.
 *
 * @typedef {{ readonly messages: number, readonly members: number }} Size
 */

/**
 * Returns the number of the messages of the channel `big`: half of all.
 *
 * @param {Size} size
 */
export function bigOf({ messages }) {
  return Math.floor(messages / 2);
}

/**
 * Fills tables: the channel `big` has all members and half of the messages, and the user `u1` is in many small ones.
 *
 * @param {Size} size
 * @param {(sql: string) => Promise<unknown>} run
 * @param {(table: string) => string} table
 * @param {(from: number, to: number) => string} series a table `s` with the column `n`
 */
async function fill({ messages, members }, run, table, series) {
  const big = bigOf({ messages, members });
  const perChannel = Math.max(1, Math.floor((messages - big) / members));
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

/** Runs statements of its own in the database of a chat. */
export class OwnQueries {
  /** @param {{ run: (sql: string, params?: readonly unknown[]) => Promise<any[]>, fill: (size: Size) => Promise<void>, close: () => Promise<unknown> }} parts */
  constructor({ run, fill: fillAll, close }) {
    this.run = run;
    this.fill = fillAll;
    this.close = close;
  }

  /** @param {string} file */
  static ofFile(file) {
    const own = new SqliteFile({ file, busyTimeoutMs: 60_000, maxQueuedQueries: 100 });
    const ask = SqliteFile.prototype.query;
    /** @param {string} sql @param {readonly unknown[]} params */
    const run = (sql, params = []) => ask.call(own, 'write', sql, params);
    return new OwnQueries({
      run,
      fill: async (size) => {
        await fill(size, run, (name) => `"nestwire_chat_${name}"`, sqliteSeries);
        await run('ANALYZE');
      },
      close: () => own.close(),
    });
  }

  /** @param {string} url @param {string} schema */
  static async ofPostgres(url, schema) {
    const own = new pg.Client({ connectionString: url });
    await own.connect();
    /** @param {string} sql @param {readonly unknown[]} params */
    const run = async (sql, params = []) => (await own.query(sql, [...params])).rows;
    return new OwnQueries({
      run,
      fill: async (size) => {
        await fill(size, run, (name) => `"${schema}"."${name}"`, postgresSeries);
        await run('VACUUM ANALYZE');
      },
      close: () => own.end(),
    });
  }
}

/** @param {number} from @param {number} to */
function sqliteSeries(from, to) {
  return `(WITH RECURSIVE s(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM s WHERE n < ${to}) SELECT n FROM s)`;
}

/** @param {number} from @param {number} to */
function postgresSeries(from, to) {
  return `(SELECT generate_series(${from}, ${to}) AS n) AS s`;
}
