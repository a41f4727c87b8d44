const SHOWN = 30;
const NOT_WORK = new Set(['(idle)', '(root)']);
// Work of V8 and Node around a read is counted once, for the called function of nestwire.
const IS_OURS = /^[^ ]+ .*\b(protocol|messages|streams)\/dist\/|class-(transformer|validator)\//;

/**
 * Returns where a server spent its time, as lines: functions by themselves, and with all that they call.
 *
 * @param {{ nodes: any[], samples: number[], timeDeltas: number[] }} profile of V8's CPU profiler
 */
export function costsOf(profile) {
  const { self, inclusive, total } = sumUp(profile);
  const ours = new Map([...inclusive].filter(([name]) => IS_OURS.test(name)));
  return ['Alone:', ...linesOf(self, total), 'With what they call:', ...linesOf(ours, total)].join('\n');
}

function sumUp({ nodes, samples, timeDeltas }) {
  const stackOf = stacksOf(nodes);
  const self = new Map();
  const inclusive = new Map();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const stack = stackOf.get(id);
    if (NOT_WORK.has(stack[0]) || stack.some((name) => name.startsWith('startProfile '))) continue;
    const us = timeDeltas[index];
    total += us;
    self.set(stack[0], (self.get(stack[0]) ?? 0) + us);
    for (const name of new Set(stack)) inclusive.set(name, (inclusive.get(name) ?? 0) + us);
  }
  return { self, inclusive, total };
}

/** Of each node: its name and those of its callers, innermost first. */
function stacksOf(nodes) {
  const parentOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  return new Map(
    nodes.map(({ id }) => {
      const stack = [];
      for (let at = id; at !== undefined; at = parentOf.get(at)) stack.push(nameOf.get(at));
      return [id, stack];
    }),
  );
}

function linesOf(times, total) {
  const largest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return largest.map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
}

function placeOf({ functionName, url, lineNumber }) {
  if (!url) return functionName;
  const place = url.replace(/^.*\/(libs|node_modules)\//, '');
  return `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}`;
}
