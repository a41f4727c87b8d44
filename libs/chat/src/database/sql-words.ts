import type { DatabaseKind } from './database-kind.js';

/** The names and types in the SQL of one database. */
export interface SqlWords {
  /** The name of a table, with its schema or prefix. */
  readonly table: (name: string) => string;
  /** The name of an index. */
  readonly index: (name: string) => string;
  /** A text that is compared byte by byte. */
  readonly id: string;
  readonly text: string;
  readonly number: string;
  /** A number that counts up by itself. */
  readonly serial: string;
  /** The end of a table whose rows are stored in the order of the key. */
  readonly byKey: string;
  /** The end of another table. */
  readonly plain: string;
}

/** Returns the words of a database, for a schema or a prefix of names. */
export function sqlWords(kind: DatabaseKind, schema: string): SqlWords {
  return kind === 'postgres' ? postgresWords(schema) : sqliteWords(schema);
}

function postgresWords(schema: string): SqlWords {
  return {
    table: (name) => `"${schema}"."${name}"`,
    index: (name) => `"${name}"`,
    id: 'text COLLATE "C"',
    text: 'text',
    number: 'bigint',
    serial: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    byKey: '',
    plain: '',
  };
}

function sqliteWords(prefix: string): SqlWords {
  return {
    table: (name) => `"${prefix}${name}"`,
    index: (name) => `"${prefix}${name}"`,
    id: 'TEXT',
    text: 'TEXT',
    number: 'INTEGER',
    serial: 'INTEGER PRIMARY KEY AUTOINCREMENT',
    byKey: ' STRICT, WITHOUT ROWID',
    plain: ' STRICT',
  };
}
