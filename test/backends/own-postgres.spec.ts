import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import pg from 'pg';
import { OwnPostgres } from '../../apps/chat-server/scripts/own-postgres.mjs';
import { startDatabase } from '../../apps/chat-server/scripts/cluster-database.mjs';
import { findPostgres, postgresUser } from '../../apps/chat-server/scripts/postgres-programs.mjs';
import { describeIfPostgres } from '../rig/postgres-server.js';

const HOLDER = `
  import { OwnPostgres } from './apps/chat-server/scripts/own-postgres.mjs';
  const postgres = new OwnPostgres(process.argv[1], process.argv[2]);
  await postgres.start();
  console.log('started');
  setInterval(() => undefined, 60_000);
`;

jest.setTimeout(180_000);

describeIfPostgres('The PostgreSQL of a cluster of this machine', () => {
  const programs = findPostgres()!;
  let parent: string;
  let folder: string;
  let running: OwnPostgres | undefined;

  const start = async () => {
    const postgres = (running = new OwnPostgres(folder, programs));
    await postgres.canUseFolder();
    await postgres.start();
    return postgres;
  };
  const lockFile = () => join(folder, 'data', 'postmaster.pid');

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'own-postgres-'));
    // `mkdtemp` lets only the owner in; the user of PostgreSQL must pass.
    await chmod(parent, 0o755);
    folder = join(parent, 'postgres');
  });
  afterEach(() => running?.stop());
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it('keeps its data and its password over a restart', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.stop();
    const { password } = new URL(first.url);
    const second = await start();

    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    expect(new URL(second.url).password).toBe(password);
  });

  it('lets nobody in without the password, and no other user read it', async () => {
    const { url } = await start();
    const wrong = Object.assign(new URL(url), { password: 'guessed' });

    await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(folder, 'password'))).mode & 0o077).toBe(0);
  });

  it('refuses a folder whose server runs, with its process and the remedy', async () => {
    const { pid } = await start();
    const other = new OwnPostgres(folder, programs);

    await expect(other.start()).rejects.toThrow(new RegExp(`process ${pid}\\).*kill -INT ${pid}`));
  });

  it('ends when its starter is killed, and starts again at once', async () => {
    const holder = spawn(
      process.execPath,
      ['--input-type=module', '--eval', HOLDER, '--', folder, programs],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(createInterface(holder.stdout), 'line');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    // It would refuse the folder while the first server runs.
    const { url } = await start();

    expect(await ask(url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  });

  it('starts over the lock of a dead server whose process id another program has now', async () => {
    await (await start()).stop();
    const other = spawn('sleep', ['600'], { ...postgresUser(), cwd: '/' });
    await once(other, 'spawn');
    await writeFile(lockFile(), `${other.pid}\n${join(folder, 'data')}\n0\n1\n\n127.0.0.1\n\n`);

    try {
      expect(await ask((await start()).url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('names the log and the remedy when it cannot start', async () => {
    await (await start()).stop();
    const file = join(folder, 'data', 'postgresql.conf');
    const settings = await readFile(file, 'utf8');
    await writeFile(file, `${settings}\nno_such_setting = 1\n`);

    try {
      await expect(start()).rejects.toThrow(/ended at once[^]*no_such_setting[^]*DATABASE_URL/);
    } finally {
      await writeFile(file, settings);
    }
  });

  it('is the choice without DATABASE_URL; a URL and an empty one come first', async () => {
    const own = await startDatabase({ CHAT_DATA: parent });
    expect(own.source).toMatch(/^PostgreSQL \(.*postgres\)$/);
    expect(await ask(own.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    const failure = own.failed();
    await own.stop();
    expect(await failure).toMatch(/has ended.*log$/);

    const given = await startDatabase({ DATABASE_URL: 'postgres://elsewhere/chat', CHAT_DATA: parent });
    expect(given).toMatchObject({ url: 'postgres://elsewhere/chat', source: 'PostgreSQL (DATABASE_URL)' });
    expect(await startDatabase({ DATABASE_URL: '', CHAT_DATA: parent })).toMatchObject({ url: '' });
  });
});

async function ask(connectionString: string, query: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(query)).rows as unknown[];
  } finally {
    await client.end();
  }
}
