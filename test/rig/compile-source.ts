import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const CACHE = new URL('../../node_modules/.cache/nestwire/compiled/', import.meta.url);

/** Compiles a TypeScript file that imports packages only, so that another process can import the returned URL. */
export function compileSource(file: URL, name: string): string {
  mkdirSync(CACHE, { recursive: true });
  const target = new URL(`${name}.mjs`, CACHE);
  writeFileSync(target, compiled(file));
  return target.href;
}

/** Returns the JavaScript of a TypeScript file. */
export function compiled(file: URL): string {
  const compilerOptions: ts.CompilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  };
  return ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText;
}
