import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatDatabaseOptions } from '../../libs/chat/src/database/database.options.js';
import { describeIfPostgres, hasPostgres, PostgresServer } from './postgres-server.js';

/** Makes the options of an empty database: each call another one. */
export type FreshDatabase = () => ChatDatabaseOptions;

/** Describes a behaviour once on the embedded SQLite file, and once on a PostgreSQL process. */
export function describeOnEachDatabase(
  name: string,
  define: (fresh: FreshDatabase, kind: 'sqlite' | 'postgres') => void,
): void {
  describe(`${name} on SQLite`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'nestwire-chat-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    define(() => ({ file: join(folder, `${unique()}.sqlite`) }), 'sqlite');
  });

  describeIfPostgres(`${name} on PostgreSQL`, () => {
    define(() => ({ postgres: server().url, schema: `chat_${unique()}`, poolSize: 4 }), 'postgres');
  });
}

let started: PostgresServer | undefined;
if (hasPostgres) {
  beforeAll(async () => {
    started = await PostgresServer.start();
  });
  afterAll(() => started?.stop());
}

/** Returns the PostgreSQL of the spec file that runs; each file has one. */
export function server(): PostgresServer {
  if (!started) throw new Error('The server starts before the first test.');
  return started;
}

function unique(): string {
  return randomBytes(6).toString('hex');
}
