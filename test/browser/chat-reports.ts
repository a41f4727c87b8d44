import { createRequire } from 'node:module';

interface SqliteDatabase {
  prepare(text: string): { all(): { readonly reason: string }[] };
  close(): void;
}
type Sqlite = new (file: string) => SqliteDatabase;

const Database = createRequire(new URL('../../libs/chat/package.json', import.meta.url))('libsql') as Sqlite;

/** Reads the reasons of all reports in the database of a server. */
export function reportsIn(file: string): string[] {
  const database = new Database(file);
  try {
    const [table] = database
      .prepare(`SELECT name AS reason FROM sqlite_master WHERE type = 'table' AND name LIKE '%reports'`)
      .all();
    return database
      .prepare(`SELECT reason FROM ${table!.reason}`)
      .all()
      .map(({ reason }) => reason);
  } finally {
    database.close();
  }
}
