import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/nestwire/profiles/', import.meta.url));
const SHOWN = 25;
const NOT_WORK = new Set(['(idle)', '(program)', '(root)']);

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });

/** How a server is profiled, and where its profiles are. */
export const PROFILES = { folder: FOLDER, nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${FOLDER}`] };

/** Returns the functions that the profiled servers spent most time in themselves, as lines. */
export function largestCosts() {
  const selfTime = new Map();
  let total = 0;
  for (const file of readdirSync(FOLDER)) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(FOLDER + file, 'utf8'));
    const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
    for (const [index, id] of samples.entries()) {
      const name = nameOf.get(id);
      if (NOT_WORK.has(name)) continue;
      selfTime.set(name, (selfTime.get(name) ?? 0) + timeDeltas[index]);
      total += timeDeltas[index];
    }
  }
  const largest = [...selfTime].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return largest.map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(5)} %  ${name}`).join('\n');
}

function placeOf({ functionName, url, lineNumber }) {
  if (!url) return functionName;
  const place = url.replace(/^.*\/(libs|node_modules)\//, '');
  return `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}`;
}
