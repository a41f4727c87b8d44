import ts from 'typescript';
import { isTest, placeOf, visit, type SourceFile } from './source-file.js';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 40;
/** Markup reads like a table. */
const MAX_COMPONENT_LINES = 60;
const MAX_PARAMETERS = 3;
const MAX_FIRST_LINE = 80;
const DUMPS = /^(common|core|shared|utils?|helpers?|interfaces|types|classes|misc|lib)$/;

/** Finds files that have grown too long. */
export function longFiles(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file.path))
    .map((file) => ({ path: file.path, lines: file.text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_FILE_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Finds functions that have grown too long. */
export function longFunctions(files: readonly SourceFile[]): string[] {
  return eachFunction(files, (node, file) => {
    const start = file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line;
    const lines = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line - start + 1;
    const most = file.path.endsWith('.tsx') ? MAX_COMPONENT_LINES : MAX_FUNCTION_LINES;
    return lines > most ? `has ${lines} lines` : undefined;
  });
}

/** Finds functions that take too much. A constructor that Nest fills may take more. */
export function wideFunctions(files: readonly SourceFile[]): string[] {
  return eachFunction(files, (node) => {
    if (isFilledByNest(node)) return undefined;
    const taken = node.parameters.filter((parameter) => parameter.name.getText() !== 'this');
    return taken.length > MAX_PARAMETERS ? `takes ${taken.length} parameters` : undefined;
  });
}

/** Finds flags: parameters that switch a function between two things. */
export function booleanParameters(files: readonly SourceFile[]): string[] {
  return eachFunction(files, (node) => {
    const isFlag = (parameter: ts.ParameterDeclaration): boolean =>
      parameter.type?.kind === ts.SyntaxKind.BooleanKeyword;
    const isPublic = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
    return isPublic && node.parameters.some(isFlag) ? 'takes a boolean' : undefined;
  });
}

/** Finds exported declarations without a comment, or with one whose first line is no short sentence. */
export function undocumentedExports(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file.path))
    .flatMap((file) =>
      file.tree.statements.filter(isExportedDeclaration).flatMap((node) => {
        const verdict = judgeComment(firstLineOfComment(node));
        return verdict ? [`${placeOf(file, node)} ${verdict}`] : [];
      }),
    );
}

/** Finds folders that are named after no thing. */
export function dumpFolders(folders: readonly string[]): string[] {
  return folders.filter((path) => DUMPS.test(path.split('/').pop()!));
}

/** Finds notes that wait for somebody. */
export function leftovers(files: readonly SourceFile[]): string[] {
  const mark = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X|@ts-ex', 'pect-error|@ts-ig', 'nore'].join(''));
  return files.filter((file) => !isTest(file.path) && mark.test(file.text)).map((file) => file.path);
}

/** Finds names that are private with `#` outside of the clients, whose bundles they keep small. */
export function hashNames(files: readonly SourceFile[]): string[] {
  const strict = files.filter(({ path }) => /^libs\/(?!client\/|chat\/src\/client\/)/.test(path));
  return strict.flatMap((file) => {
    const found: string[] = [];
    visit(file, (node) => {
      if (ts.isPrivateIdentifier(node)) found.push(`${placeOf(file, node)} names ${node.text}`);
    });
    return found;
  });
}

/** Finds directives of the linter in another dialect than oxlint's, or without a reason. */
export function oddDirectives(files: readonly SourceFile[]): string[] {
  const directive = new RegExp(['lint', '-dis', 'able[^\\n]*'].join(''), 'g');
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(directive)]
      .filter(({ 0: found, index }) => text.slice(index - 2, index) !== 'ox' || !/ -- \S/.test(found))
      .map(({ index }) => `${path}:${text.slice(0, index).split('\n').length}`),
  );
}

function isExportedDeclaration(node: ts.Statement): boolean {
  if (!ts.canHaveModifiers(node) || ts.isImportDeclaration(node)) return false;
  const isExported = ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
  return Boolean(isExported) && !isLaterOverload(node);
}

/** An overload's comment stands on the first signature. */
function isLaterOverload(node: ts.Node): boolean {
  if (!ts.isFunctionDeclaration(node) || !ts.isSourceFile(node.parent)) return false;
  const same = node.parent.statements.filter(
    (other) => ts.isFunctionDeclaration(other) && other.name?.text === node.name?.text,
  );
  return same[0] !== node;
}

function firstLineOfComment(node: ts.Node): string | undefined {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  if (!comment) return undefined;
  const lines = comment.getText().split('\n');
  return (
    lines.map((line) => line.replace(/^\s*\/?\*+\/?|\*\/\s*$/g, '').trim()).find((line) => line !== '') ?? ''
  );
}

function judgeComment(line: string | undefined): string | undefined {
  if (line === undefined) return 'has no comment';
  if (line.length > MAX_FIRST_LINE) return `begins its comment with ${line.length} characters`;
  return undefined;
}

/** A constructor with parameter properties, or the factory of a provider. */
function isFilledByNest(node: Callable): boolean {
  if (ts.isConstructorDeclaration(node)) return node.parameters.some((parameter) => parameter.modifiers);
  return ts.isPropertyAssignment(node.parent) && node.parent.name.getText() === 'useFactory';
}

type Callable = ts.FunctionLikeDeclaration;

function eachFunction(
  files: readonly SourceFile[],
  judge: (node: Callable, file: SourceFile) => string | undefined,
): string[] {
  return files
    .filter((file) => !isTest(file.path))
    .flatMap((file) => {
      const found: string[] = [];
      visit(file, (node) => {
        const verdict = isCallable(node) && node.body ? judge(node, file) : undefined;
        if (verdict) found.push(`${placeOf(file, node)} ${verdict}`);
      });
      return found;
    });
}

function isCallable(node: ts.Node): node is Callable {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node)
  );
}
