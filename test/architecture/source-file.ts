import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** One import or re-export of a source file. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Leaves nothing behind at run time. */
  readonly isTypeOnly: boolean;
  /** Written as `export * from`. */
  readonly isStarExport: boolean;
}

/** A source file with what the laws ask about. */
export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** Reads a source file from its text. */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, text, tree, imports: importsOf(tree) };
}

/** Reads made-up sources, for the proof that a law catches what breaks it. */
export function madeUp(sources: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(sources).map(([path, text]) => parseSource(path, text));
}

/** Reads all TypeScript below folders of the repository. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => pathsBelow(folder))
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** Reads all scripts below folders of the repository. */
export function readScripts(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => pathsBelow(folder, /\.(mjs|cjs)$/))
    .map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** Lists the folders below a folder of the repository. */
export function foldersBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !isForeign(path));
}

/** Tells whether a file is a test or a part of one. */
export function isTest(path: string): boolean {
  return /\.(spec|contract)\.ts$/.test(path) || /(^|\/)(test|spec)\//.test(path);
}

/** Names the package that a file belongs to, as in `libs/client`. */
export function packageOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** Resolves a relative import to the path of a source file. */
export function resolveImport(file: SourceFile, { specifier }: Import): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(ROOT, resolve(ROOT, dirname(file.path), specifier)).replace(/\.js$/, '.ts');
}

/** Visits every node of a file. */
export function visit(file: SourceFile, seen: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    seen(node);
    ts.forEachChild(node, walk);
  };
  walk(file.tree);
}

/** Writes where a node stands, as in `libs/a/src/b.ts:12`. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1}`;
}

function pathsBelow(folder: string, suffix = /\.tsx?$/): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && suffix.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !isForeign(path));
}

function isForeign(path: string): boolean {
  return /(^|\/)(node_modules|dist)(\/|$)|^test\/consumers\//.test(path);
}

function importsOf(tree: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const walk = (node: ts.Node): void => {
    const found = importAt(node);
    if (found) imports.push({ ...found, line: tree.getLineAndCharacterOfPosition(node.pos).line + 1 });
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return imports;
}

function importAt(node: ts.Node): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node))
    return { specifier: textOf(node.moduleSpecifier), isTypeOnly: isTypeOnly(node), isStarExport: false };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier)
    return {
      specifier: textOf(node.moduleSpecifier),
      isTypeOnly: node.isTypeOnly,
      isStarExport: !node.exportClause,
    };
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0])
    return { specifier: textOf(node.arguments[0]), isTypeOnly: false, isStarExport: false };
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { specifier: textOf(node.argument.literal), isTypeOnly: true, isStarExport: false };
  return undefined;
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every((element) => element.isTypeOnly);
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : '';
}
