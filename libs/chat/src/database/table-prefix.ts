import {
  IdentifierNode,
  OperationNodeTransformer,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type SchemableIdentifierNode,
  type UnknownRow,
} from 'kysely';

/**
 * Turns the schema of a table into a prefix of its name.
 *
 * It is for databases without schemas. It follows Kysely's plugin that adds the schema.
 */
export class TablePrefix implements KyselyPlugin {
  private readonly transformer = new SchemaToPrefix();

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return this.transformer.transformNode(node);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}

class SchemaToPrefix extends OperationNodeTransformer {
  protected override transformSchemableIdentifier(node: SchemableIdentifierNode): SchemableIdentifierNode {
    if (!node.schema) return node;
    const [prefix, name] = [node.schema.name, node.identifier.name];
    // Kysely transforms a subquery by itself and again as a part of its query.
    const identifier = name.startsWith(prefix) ? node.identifier : IdentifierNode.create(`${prefix}${name}`);
    return { kind: 'SchemableIdentifierNode', identifier };
  }
}
