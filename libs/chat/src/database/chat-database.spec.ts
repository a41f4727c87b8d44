import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Pool } from 'pg';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { describeOnEachDatabase, server } from '../../../../test/rig/chat-databases.js';
import { describeIfPostgres } from '../../../../test/rig/postgres-server.js';
import { kyselyTransaction, pgTransaction } from './caller-transaction.js';
import { ChatDatabase, type Queries } from './chat-database.js';
import { EmbeddedDialect } from './embedded/embedded-dialect.js';
import { SqliteFile } from './embedded/sqlite-file.js';
import type { ChatDatabaseOptions } from './database.options.js';
import { Lease } from './lease.js';
import { chatMigrations, checkSchema, migrate } from './migrate.js';
import { migrationsFor } from './migrations.js';
import { openDatabase } from './open-database.js';

const opened: ChatDatabase[] = [];

async function open(options: ChatDatabaseOptions): Promise<ChatDatabase> {
  const database = await openDatabase(options);
  opened.push(database);
  return database;
}

async function migrated(options: ChatDatabaseOptions): Promise<ChatDatabase> {
  const database = await open(options);
  await migrate(database);
  return database;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

const channel = { tenant: 't', id: '7', type: 'public', created_at: 1, active_at: 1 };

function ids(queries: Queries) {
  return queries.selectFrom('channels as c').select(['c.id', 'c.created_at']).orderBy('c.id').execute();
}

describeOnEachDatabase('The database of the chat', (fresh) => {
  it('is migrated once by several processes at the same time', async () => {
    const options = fresh();
    const databases = await Promise.all([open(options), open(options), open(options)]);

    await Promise.all(databases.map(migrate));
    await Promise.all(databases.map(checkSchema));

    const rows = await databases[0]!.read((q) => q.selectFrom('migrations').selectAll().execute());
    const all = migrationsFor(databases[0]!.kind, databases[0]!.schema);
    expect(rows.map(({ version }) => version)).toEqual(all.map(({ version }) => version));
  });

  it('refuses tables that are missing or newer', async () => {
    const database = await open(fresh());
    await expect(checkSchema(database)).rejects.toMatchObject({ code: 'CHAT_SCHEMA' });
    await migrate(database);
    await database.transaction((q) =>
      q.insertInto('migrations').values({ version: 99, applied_at: 1 }).execute(),
    );

    await expect(checkSchema(database)).rejects.toMatchObject({ code: 'CHAT_SCHEMA' });
    await expect(migrate(database)).rejects.toMatchObject({ code: 'CHAT_SCHEMA' });
  });

  it('has the tables that the printed SQL creates', async () => {
    const database = await open(fresh());
    const printed = chatMigrations(database.kind, { schema: database.schema });
    const statements = printed.split(';\n').filter((statement) => !/^\s*(BEGIN|COMMIT)?\s*$/.test(statement));
    await database.transaction(async (q) => {
      for (const statement of statements) await sql.raw(statement).execute(q);
    });

    await checkSchema(database);
    await database.transaction((q) => q.insertInto('channels').values(channel).execute());

    expect(await database.read(ids)).toEqual([{ id: '7', created_at: 1 }]);
  });

  it('undoes a transaction that fails, and lets the next one run', async () => {
    const database = await migrated(fresh());
    const failing = database.transaction(async (q) => {
      await q.insertInto('channels').values(channel).execute();
      throw new Error('stop');
    });

    await expect(failing).rejects.toThrow('stop');

    expect(await database.read(ids)).toEqual([]);
    await database.transaction((q) => q.insertInto('channels').values(channel).execute());
    expect(await database.read(ids)).toHaveLength(1);
  });

  it('counts without a lost update when two processes count at the same time', async () => {
    const options = fresh();
    const [a, b] = [await migrated(options), await open(options)];
    await a.transaction((q) => q.insertInto('channels').values(channel).execute());
    const count = (database: ChatDatabase) =>
      database.transaction(async (q) => {
        const { revision } = await q
          .updateTable('channels')
          .set((eb) => ({ revision: eb('revision', '+', 1) }))
          .where('tenant', '=', 't')
          .where('id', '=', '7')
          .returning('revision')
          .executeTakeFirstOrThrow();
        return revision;
      });

    const counted = await Promise.all(Array.from({ length: 40 }, (_, index) => count(index % 2 ? a : b)));

    expect(counted.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('gives a lease to one process, and to the next one after it expires', async () => {
    const options = fresh();
    const [a, b] = [await migrated(options), await open(options)];
    const lease = (database: ChatDatabase, durationMs: number) =>
      new Lease(database, { name: 'relay', durationMs });
    const [first, second] = [lease(a, 60_000), lease(b, 60_000)];

    expect(await first.acquire()).toBe(true);
    expect(await second.acquire()).toBe(false);
    expect(await first.acquire()).toBe(true);
    await first.release();
    expect(await second.acquire()).toBe(true);
    await second.release();
    expect(await lease(a, -1).acquire()).toBe(true);
    expect(await second.acquire()).toBe(true);
  });

  it('reads beside a transaction that has not ended', async () => {
    const database = await migrated(fresh());
    let end = (): void => undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    let begun = (): void => undefined;
    const inside = new Promise<void>((resolve) => (begun = resolve));
    const writing = database.transaction(async (q) => {
      await q.insertInto('channels').values(channel).execute();
      begun();
      await held;
    });
    await inside;

    expect(await database.read(ids)).toEqual([]);
    end();
    await writing;
    expect(await database.read(ids)).toHaveLength(1);
  });

  it('refuses queries after it was closed', async () => {
    const database = await migrated(fresh());
    await database.close();

    await expect(database.read(ids)).rejects.toThrow();
  });
});

describe('The embedded file', () => {
  it('is refused together with PostgreSQL, in memory, with a bad number, and with a name that SQL could misread', async () => {
    const refused = [
      { file: 'a', postgres: 'b' },
      { file: ':memory:' },
      { schema: 'a"; DROP' },
      { poolSize: 0 },
      { busyTimeoutMs: 1.5 },
      { maxQueuedQueries: Number.NaN },
    ];

    for (const options of refused)
      await expect(openDatabase(options)).rejects.toMatchObject({ code: 'CHAT_CONFIGURATION' });
  });
});

describe('The thread of the embedded file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('runs a long query while the event loop goes on', async () => {
    const file = new SqliteFile({
      file: join(folder, 'long.sqlite'),
      busyTimeoutMs: 1_000,
      maxQueuedQueries: 1,
    });
    const count =
      'WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 500000) SELECT count(*) AS c FROM s';
    let turns = 0;
    let isOver = false;
    const counting = file.query('read', count, []).finally(() => (isOver = true));
    await expect(file.query('read', 'SELECT 1', [])).rejects.toMatchObject({ code: 'CHAT_OVERLOADED' });
    while (!isOver) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(await counting).toEqual([{ c: 500_000 }]);
    // A query in the thread of the event loop would leave it no turn at all.
    expect(turns).toBeGreaterThan(10);
    await file.close();
  });

  it('ends with its transaction, and the next query starts another one', async () => {
    const path = join(folder, 'lost.sqlite');
    const file = new SqliteFile({ file: path, busyTimeoutMs: 1_000, maxQueuedQueries: 100 });
    const write = new EmbeddedDialect(file, 'write');
    const database = new ChatDatabase({
      kind: 'sqlite',
      schema: 'nestwire_chat_',
      write,
      read: new EmbeddedDialect(file, 'read'),
      close: () => file.close(),
    });
    opened.push(database);
    await migrate(database);
    const lost = database.transaction(async (q) => {
      await q.insertInto('channels').values(channel).execute();
      const thread = (file as unknown as { worker: Worker }).worker;
      await Promise.all([once(thread, 'exit'), thread.terminate()]);
      await q
        .insertInto('channels')
        .values({ ...channel, id: '8' })
        .execute();
    });

    await expect(lost).rejects.toMatchObject({ code: 'CHAT_UNAVAILABLE' });
    expect(await database.read(ids)).toEqual([]);
    await database.transaction((q) => q.insertInto('channels').values(channel).execute());
    expect(await database.read(ids)).toHaveLength(1);
  });
});

describeIfPostgres('A transaction of the application', () => {
  let pool: Pool;
  beforeAll(() => {
    pool = new Pool({ connectionString: server().url });
    // The last test kills the server, and the idle connections with it.
    pool.on('error', () => undefined);
  });
  afterAll(() => pool?.end());

  it('of pg has the changes of the chat when it commits, and not when it rolls back', async () => {
    const database = await migrated({ postgres: pool, schema: 'of_pg' });
    const client = await pool.connect();
    for (const end of ['ROLLBACK', 'COMMIT']) {
      await client.query('BEGIN');
      await database.transaction(
        (q) => q.insertInto('channels').values(channel).execute(),
        pgTransaction(client),
      );
      expect(await database.read(ids)).toEqual([]);
      await client.query(end);
    }
    client.release();

    expect(await database.read(ids)).toEqual([{ id: '7', created_at: 1 }]);
  });

  it('of Kysely has the changes of the chat when it commits, and not when it rolls back', async () => {
    const database = await migrated({ postgres: pool, schema: 'of_kysely' });
    const application = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });
    const insert = (q: Queries) => q.insertInto('channels').values(channel).execute();
    const failed = application.transaction().execute(async (trx) => {
      await database.transaction(insert, kyselyTransaction(trx));
      throw new Error('roll back');
    });

    await expect(failed).rejects.toThrow('roll back');
    expect(await database.read(ids)).toEqual([]);
    await application.transaction().execute((trx) => database.transaction(insert, kyselyTransaction(trx)));

    expect(await database.read(ids)).toEqual([{ id: '7', created_at: 1 }]);
  });

  it('is reported as unavailable while the server is away, and works when it is back', async () => {
    const database = await migrated({ postgres: server().url, schema: 'away' });
    await server().kill();

    await expect(database.read(ids)).rejects.toMatchObject({ code: 'CHAT_UNAVAILABLE' });
    await server().restart();

    expect(await database.read(ids)).toEqual([]);
  });

  it('fails as unavailable when the server goes away between two queries of a transaction', async () => {
    const database = await migrated({ postgres: server().url, schema: 'between' });
    const failed = database.transaction(async (queries) => {
      await ids(queries);
      await server().kill();
      // The end of the connection arrives now, while no query waits.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return ids(queries);
    });

    await expect(failed).rejects.toMatchObject({ code: 'CHAT_UNAVAILABLE' });
    await server().restart();

    expect(await database.read(ids)).toEqual([]);
  });
});
