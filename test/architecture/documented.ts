import ts from 'typescript';
import { isTest, placeOf, visit, type SourceFile } from './source-file.js';

const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
const OPTIONS = /\w(Options|Limits|Tuning|Extras)$/;

/** Options that are given with a call, a decorator or a channel: their own pages explain them. */
const PER_CALL = new Set(
  'AttachOptions CallerOptions CallOptions ChannelOptions ChatChangeOptions ChatModuleAsyncOptions GrowOptions PostOptions SendOptions StoredPostOptions StreamEndpointOptions StreamMethodOptions StreamOptions StreamsModuleAsyncOptions'.split(
    ' ',
  ),
);

/** Lists the codes that errors are made with: the entries of `…ErrorCode`, and what is given as `code`. */
export function errorCodes(files: readonly SourceFile[]): string[] {
  const codes = new Set<string>();
  for (const file of files.filter(({ path }) => !isTest(path)))
    visit(file, (node) => {
      if (!ts.isStringLiteral(node) || !CODE.test(node.text)) return;
      if (isEntryOfCodes(node) || isCodeOfError(node)) codes.add(node.text);
    });
  return [...codes].toSorted();
}

/** Finds codes that stand in a `…ErrorCode` and that nothing uses, by their name or their text. */
export function unusedCodes(files: readonly SourceFile[]): string[] {
  const entries = new Map<string, string>();
  const used = new Set<string>();
  for (const file of files.filter(({ path }) => !isTest(path)))
    visit(file, (node) => {
      if (ts.isStringLiteral(node) && isEntryOfCodes(node))
        entries.set(node.text, (node.parent as ts.PropertyAssignment).name.getText());
      else if (ts.isStringLiteral(node)) used.add(node.text);
      else if (ts.isPropertyAccessExpression(node) && node.expression.getText().endsWith('ErrorCode'))
        used.add(node.name.text);
    });
  return [...entries].filter(([code, name]) => !used.has(code) && !used.has(name)).map(([code]) => code);
}

/** Finds classes of errors that have no code of their own and inherit none. */
export function codelessErrors(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const file of files.filter(({ path }) => !isTest(path)))
    visit(file, (node) => {
      if (ts.isClassDeclaration(node) && extendsPlainError(node) && !hasCode(node))
        found.push(`${placeOf(file, node)} ${node.name?.text}`);
    });
  return found;
}

/** Lists the options of a module, a client or a backend, as `Interface.name`. */
export function configurableOptions(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /^libs\/(streams|messages|client|chat)\//.test(path) && !isTest(path))
    .flatMap((file) => file.tree.statements.filter(isOptions).flatMap(namesOf));
}

/** Lists the codes that a page explains: those that begin a row of a table. */
export function explainedCodes(page: string): string[] {
  return [...page.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|/gm)].map(([, code]) => code!).toSorted();
}

/** Lists the options that a page explains: those that begin a row of a table whose next cell, the default, is filled. */
export function explainedOptions(page: string): string[] {
  return [...page.matchAll(/^\| `([\w.]+)` \| *[^| ]/gm)].map(([, name]) => name!.split('.').pop()!);
}

function extendsPlainError(node: ts.ClassDeclaration): boolean {
  const parents = node.heritageClauses?.flatMap((clause) =>
    clause.types.map((type) => type.expression.getText()),
  );
  return Boolean(parents?.some((name) => /^(Type|Range|Aggregate)?Error$/.test(name)));
}

function hasCode(node: ts.ClassDeclaration): boolean {
  const fields = node.members.flatMap((member): readonly ts.NamedDeclaration[] =>
    ts.isConstructorDeclaration(member) ? member.parameters : [member],
  );
  return fields.some((field) => field.name?.getText() === 'code');
}

function isEntryOfCodes(node: ts.StringLiteral): boolean {
  const table = node.parent.parent?.parent?.parent;
  return (
    ts.isPropertyAssignment(node.parent) &&
    ts.isVariableDeclaration(table) &&
    table.name.getText().endsWith('ErrorCode')
  );
}

function isCodeOfError(node: ts.StringLiteral): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText() === 'code';
  return (
    ts.isNewExpression(parent) &&
    parent.arguments?.[0] === node &&
    parent.expression.getText().endsWith('CodedError')
  );
}

function isOptions(node: ts.Statement): node is ts.InterfaceDeclaration {
  return (
    ts.isInterfaceDeclaration(node) &&
    OPTIONS.test(node.name.text) &&
    !PER_CALL.has(node.name.text) &&
    Boolean(ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword))
  );
}

function namesOf(node: ts.InterfaceDeclaration): string[] {
  return node.members
    .filter(ts.isPropertySignature)
    .map((member) => `${node.name.text}.${member.name.getText()}`);
}
