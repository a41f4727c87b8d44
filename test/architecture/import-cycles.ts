import { resolveImport, type SourceFile } from './source-file.js';

/** Finds cycles of imports that are there at run time, each written once. */
export function runtimeCycles(files: readonly SourceFile[]): string[] {
  return cyclesOf(new Map(files.map((file) => [file.path, runtimeTargets(file)])));
}

/** Finds the cycles of a graph, each written once as `a → b → a`. */
export function cyclesOf(targets: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const enter = (name: string, trail: readonly string[]): void => {
    const at = trail.indexOf(name);
    if (at >= 0) return void cycles.push([...trail.slice(at), name].join(' → '));
    if (done.has(name)) return;
    for (const target of targets.get(name) ?? []) enter(target, [...trail, name]);
    done.add(name);
  };
  for (const name of targets.keys()) enter(name, []);
  return cycles;
}

function runtimeTargets(file: SourceFile): string[] {
  return file.imports
    .filter((found) => !found.isTypeOnly)
    .flatMap((found) => {
      const target = resolveImport(file, found);
      return target ? [target] : [];
    });
}
