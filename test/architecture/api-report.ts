import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { ROOT, parseSource, type SourceFile } from './source-file.js';

/** The folder of the committed reports. */
export const REPORTS = join(ROOT, 'test/architecture/api');

/** Reads a source file by its path from the root; undefined if it does not exist. */
export type ReadSource = (path: string) => SourceFile | undefined;

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const DECLARED: readonly (readonly [ts.SyntaxKind, string])[] = [
  [ts.SyntaxKind.ClassDeclaration, 'class'],
  [ts.SyntaxKind.InterfaceDeclaration, 'interface'],
  [ts.SyntaxKind.TypeAliasDeclaration, 'type'],
  [ts.SyntaxKind.FunctionDeclaration, 'function'],
  [ts.SyntaxKind.EnumDeclaration, 'enum'],
];
const KINDS = new Map(DECLARED);

/** Lists the entry points of all packages: the name of the report, and the source of the entry. */
export function entryPoints(): { readonly report: string; readonly source: string }[] {
  return readdirSync(join(ROOT, 'libs'))
    .filter((lib) => existsSync(join(ROOT, 'libs', lib, 'package.json')))
    .flatMap((lib) => {
      const manifest = JSON.parse(readFileSync(join(ROOT, 'libs', lib, 'package.json'), 'utf8')) as Manifest;
      return Object.entries(manifest.exports).flatMap(([entry, target]) =>
        typeof target === 'string' ? [] : [entryPoint(lib, entry, target.types)],
      );
    });
}

/** Reads a source file of the repository. */
export function readFromDisk(path: string): SourceFile | undefined {
  const file = join(ROOT, path);
  return existsSync(file) ? parseSource(path, readFileSync(file, 'utf8')) : undefined;
}

/** Writes the report of an entry: one line for each exported name, with its kind, sorted. */
export function apiReport(source: string, read: ReadSource): string {
  const file = read(source);
  if (!file) throw new Error(`${source} does not exist.`);
  const names = [...new Set(file.tree.statements.flatMap(exportedNames))].sort();
  return names.map((name) => `${name}: ${kindOf(file, name, read)}\n`).join('');
}

function entryPoint(lib: string, entry: string, types: string): { report: string; source: string } {
  const suffix = entry === '.' ? '' : entry.slice(1).replaceAll('/', '.');
  const path = types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
  return { report: `${lib}${suffix}.txt`, source: `libs/${lib}/${path}` };
}

function exportedNames(node: ts.Statement): string[] {
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause))
    return node.exportClause.elements.map((element) => element.name.text);
  return isExported(node) ? declarationsOf(node).map(([name]) => name) : [];
}

/** Follows re-exports to the declarations of a name; declarations that merge are joined by `+`. */
function kindOf(file: SourceFile, name: string, read: ReadSource): string {
  const own = file.tree.statements.flatMap(declarationsOf).filter(([declared]) => declared === name);
  if (own.length > 0) return [...new Set(own.map(([, kind]) => kind))].sort().join(' + ');
  const origin = originOf(file, name);
  if (!origin) throw new Error(`${file.path} exports ${name} and does not declare it.`);
  if (!origin.specifier) return kindOf(file, origin.name, read);
  const target = targetOf(file, origin.specifier, read);
  return target ? kindOf(target, origin.name, read) : `of ${origin.specifier}`;
}

interface Origin {
  readonly name: string;
  /** The module that it comes from; undefined for another name in the same file. */
  readonly specifier: string | undefined;
}

function originOf(file: SourceFile, name: string): Origin | undefined {
  for (const node of file.tree.statements) {
    const found = specifiersOf(node).find((element) => element.name.text === name);
    if (found) return { name: (found.propertyName ?? found.name).text, specifier: moduleOf(node) };
  }
  return undefined;
}

function specifiersOf(node: ts.Statement): readonly (ts.ExportSpecifier | ts.ImportSpecifier)[] {
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause)) {
    // `export { a }` without a module is found again as an import or a declaration.
    return node.exportClause.elements.filter((element) => node.moduleSpecifier || element.propertyName);
  }
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
  return bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
}

function moduleOf(node: ts.Statement): string | undefined {
  const module =
    ts.isExportDeclaration(node) || ts.isImportDeclaration(node) ? node.moduleSpecifier : undefined;
  return module && ts.isStringLiteral(module) ? module.text : undefined;
}

function targetOf(file: SourceFile, specifier: string, read: ReadSource): SourceFile | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const path = relative(ROOT, resolve(ROOT, dirname(file.path), specifier));
  return read(path.replace(/\.js$/, '.ts')) ?? read(path.replace(/\.js$/, '.tsx'));
}

function declarationsOf(node: ts.Statement): (readonly [string, string])[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) =>
      namesOf(name).map((one) => [one, 'const'] as const),
    );
  const kind = KINDS.get(node.kind);
  const name = (node as ts.Statement & { name?: ts.Identifier }).name?.text;
  return kind && name ? [[name, kind]] : [];
}

function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesOf(element.name) : []));
}

function isExported(node: ts.Statement): boolean {
  return Boolean(
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword),
  );
}
