import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { compiled } from './compile-source.js';

const CACHE = new URL('../../node_modules/.cache/nestwire/', import.meta.url);

/** Compiles the TypeScript files of a folder, which import each other, for another process; returns their folder. */
export function compileFolder(folder: URL, name: string): URL {
  const target = new URL(`${name}/`, CACHE);
  mkdirSync(target, { recursive: true });
  writeFileSync(new URL('package.json', target), '{"type":"module"}');
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts')))
    writeFileSync(new URL(file.replace(/\.ts$/, '.js'), target), compiled(new URL(file, folder)));
  return target;
}
