import { chatServer, chatUser, type ChatService } from '@nestwire/chat';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { closeChats, startChat } from '../../rig/chat-app.js';
import { describeIfPostgres, PostgresServer } from '../../rig/postgres-server.js';
import { sql } from './databases.js';
import { ship, shipWithKysely, type Shop } from './transaction.js';

const ann = chatUser('ann');
const has = (program: string, args: readonly string[]) => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const itWithSqlite = has('sqlite3', ['-version']) ? it : it.skip;
const itWithDump = has('pg_dump', ['--version']) ? it : it.skip;

async function textsOf(chat: ChatService, channelId: string): Promise<(string | null)[]> {
  const { messages } = await chat.history.page(chatServer(), { channelId });
  return messages.map(({ text }) => text);
}

describeIfPostgres('docs/chat/databases.md on PostgreSQL', () => {
  let postgres: PostgresServer;
  let pool: Pool;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
    pool = new Pool({ connectionString: postgres.url, max: 4 });
    pool.on('error', () => undefined);
    await pool.query('CREATE TABLE orders (id text PRIMARY KEY, shipped boolean NOT NULL)');
    await pool.query("INSERT INTO orders VALUES ('1', false), ('2', false), ('3', false)");
  });
  afterEach(closeChats);
  afterAll(async () => {
    await pool?.end();
    await postgres?.stop();
  });

  it('refuses to start without tables, and starts after the printed SQL', async () => {
    const database = { postgres: pool, schema: 'chat', migrations: 'check' } as const;
    await expect(startChat({ database })).rejects.toMatchObject({ code: 'CHAT_SCHEMA' });
    await pool.query(sql);

    const { chat } = await startChat({ database });
    expect(await chat.channels.create(ann, { type: 'private' })).toMatchObject({ memberCount: 1 });
  });

  it.each([
    ['pg', (chat: ChatService, id: string) => ship(pool, chat, id)],
    [
      'Kysely',
      (chat: ChatService, id: string) =>
        shipWithKysely(new Kysely<Shop>({ dialect: new PostgresDialect({ pool }) }), chat, id),
    ],
  ])('posts in a transaction of %s, and posts nothing if it is rolled back', async (library, shipOrder) => {
    const { chat } = await startChat({ database: { postgres: pool, schema: `of_${library.toLowerCase()}` } });
    const shipped = async (id: string) =>
      (await pool.query<{ shipped: boolean }>('SELECT shipped FROM orders WHERE id = $1', [id])).rows;
    const id = library === 'pg' ? '1' : '2';
    await chat.channels.create(chatServer(), { id: `order-${id}`, type: 'private' });
    await shipOrder(chat, id);
    await expect(shipOrder(chat, '3')).rejects.toMatchObject({ code: 'CHAT_NOT_FOUND' });

    expect(await textsOf(chat, `order-${id}`)).toEqual(['Your order is on its way.']);
    expect([await shipped(id), await shipped('3')]).toEqual([[{ shipped: true }], [{ shipped: false }]]);
  });

  itWithDump('restores a dump of the schema into another database', async () => {
    const { chat } = await startChat({ database: { postgres: postgres.url, schema: 'dumped' } });
    const { id: channelId } = await chat.channels.create(ann, { type: 'private' });
    await chat.messages.post(ann, { channelId, text: 'kept' });
    const dump = execFileSync('pg_dump', ['--schema=dumped', postgres.url]);
    await pool.query('CREATE DATABASE restored');
    const restored = postgres.url.replace(/postgres$/, 'restored');
    execFileSync('psql', ['--quiet', '--set=ON_ERROR_STOP=1', restored], { input: dump, stdio: 'pipe' });

    const database = { postgres: restored, schema: 'dumped', migrations: 'check' } as const;
    expect(await textsOf((await startChat({ database })).chat, channelId)).toEqual(['kept']);
    await closeChats();
  });
});

describe('docs/chat/databases.md on the embedded file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
  });
  afterEach(closeChats);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  itWithSqlite('has a backup that is complete while the chat runs', async () => {
    const [file, backup] = [join(folder, 'chat.sqlite'), join(folder, 'backup.sqlite')];
    const { chat } = await startChat({ database: { file } });
    const { id: channelId } = await chat.channels.create(ann, { type: 'private' });
    await chat.messages.post(ann, { channelId, text: 'kept' });
    execFileSync('sqlite3', [file, `.backup '${backup}'`]);

    const restored = await startChat({ database: { file: backup, migrations: 'check' } });
    expect(await textsOf(restored.chat, channelId)).toEqual(['kept']);
  });
});
