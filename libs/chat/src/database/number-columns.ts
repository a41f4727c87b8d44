import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from 'kysely';

/** The columns of 64-bit integers, which the `pg` driver returns as text unless a parser is set. */
const COLUMN = /(_at|_until|seq|revision|count|version|size|width|height|position|reply_to)$/;
const INTEGER = /^-?\d{1,15}$/;

/** Reads 64-bit integers as numbers, with any driver and any settings of it. */
export class NumberColumns implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    for (const row of result.rows) convert(row);
    return Promise.resolve(result);
  }
}

function convert(row: UnknownRow): void {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'string' && COLUMN.test(name) && INTEGER.test(value)) row[name] = Number(value);
}
