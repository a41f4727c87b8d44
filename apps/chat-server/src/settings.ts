import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The settings of the server, from its environment. */
export interface Settings {
  /** The folder of everything that the server keeps. */
  readonly folder: string;
  /** The URL of Redis; undefined for one server alone. */
  readonly redis: string | undefined;
  /** The URL of PostgreSQL; undefined for a file in the folder. */
  readonly postgres: string | undefined;
}

const DEFAULT_FOLDER = fileURLToPath(new URL('../data', import.meta.url));

/** Reads `CHAT_DATA`, `REDIS_URL` and `DATABASE_URL`, and creates the folder. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const folder = env.CHAT_DATA ?? DEFAULT_FOLDER;
  mkdirSync(folder, { recursive: true });
  return { folder, redis: env.REDIS_URL, postgres: env.DATABASE_URL };
}

/** Returns the folder of the attached files. */
export function filesFolder({ folder }: Settings): string {
  return join(folder, 'files');
}

/** Returns the path of the embedded database. */
export function databaseFile({ folder }: Settings): string {
  return join(folder, 'chat.sqlite');
}
