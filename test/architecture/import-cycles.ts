import { isTest, resolveImport, type Import, type SourceFile } from './source-file.js';

/** Finds cycles of imports that are there at run time, each written once. */
export function runtimeCycles(files: readonly SourceFile[]): string[] {
  return cyclesOf(new Map(files.map((file) => [file.path, runtimeTargets(file)])));
}

/**
 * Finds groups of files that import each other in a circle, imports of types included.
 *
 * Each group is sorted: a group shrinks or vanishes with each import that is removed from its circles.
 */
export function importCircles(files: readonly SourceFile[]): string[][] {
  const targets = new Map(
    files.filter(({ path }) => !isTest(path)).map((file) => [file.path, allTargets(file)]),
  );
  const reached = new Map([...targets.keys()].map((path) => [path, reachableFrom(path, targets)]));
  const groups = [...targets.keys()].map((path) =>
    [...reached.get(path)!].filter((other) => reached.get(other)?.has(path)).toSorted(),
  );
  const unique = new Map(groups.filter((group) => group.length > 1).map((group) => [group.join(), group]));
  return [...unique.values()];
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

function reachableFrom(path: string, targets: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const left = [...(targets.get(path) ?? [])];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    left.push(...(targets.get(next) ?? []));
  }
  return seen;
}

function runtimeTargets(file: SourceFile): string[] {
  return targetsOf(
    file,
    file.imports.filter((found) => !found.isTypeOnly),
  );
}

function allTargets(file: SourceFile): string[] {
  return targetsOf(file, file.imports);
}

function targetsOf(file: SourceFile, imports: readonly Import[]): string[] {
  return imports.flatMap((found) => resolveImport(file, found) ?? []);
}
