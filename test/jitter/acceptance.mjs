const MOST_REPLAY_MS = 2_000;
/** In an even spread half of all come in the first half; without one, all come at once. */
const LEAST_MEDIAN = 0.25;

/** Judges a peer while connections come and go; returns the faults as sentences. */
export function problemsOfJitter({ mustBeWhole, mustLose }, outcome) {
  const { counts, outages, caughtUp, replayMs, errors } = outcome;
  const problems = errors.slice(0, 5);
  if (outages === 0) problems.push('no connection was cut');
  if (mustLose && counts.lost === 0) problems.push('nothing was lost: the rig does not see losses');
  if (!mustBeWhole) return problems;
  problems.push(...problemsOfCounts(counts));
  if (caughtUp < outages) problems.push(`clients caught up after ${caughtUp} of ${outages} outages`);
  if (replayMs.p99 >= MOST_REPLAY_MS) problems.push(`replay took ${replayMs.p99.toFixed(0)} ms (p99)`);
  return problems;
}

/** Returns the faults of a restart of all servers. */
export function problemsOfRolling({ counts, states, restarts, asked, moves, errors }) {
  const problems = [...problemsOfCounts(counts), ...errors.slice(0, 5)];
  if (asked.failures.length)
    problems.push(`${asked.failures.length} messages failed: ${[...new Set(asked.failures)].join(', ')}`);
  if (!asked.count) problems.push('nothing was asked');
  if (states.join() !== 'connected') problems.push(`clients were ${states.join(', ')}`);
  for (const { exit } of restarts) if (exit !== 0) problems.push(`a server ended with ${exit}`);
  for (const { connections, medianMs, spreadMs } of moves) {
    if (!connections) problems.push('a server had no connections when it was restarted');
    if (!(medianMs >= spreadMs * LEAST_MEDIAN))
      problems.push(`half of the clients came within ${medianMs} ms of a spread of ${spreadMs} ms`);
  }
  return problems;
}

/** Returns the faults of a control that must see the loss of a connection: a killed server. */
export function problemsOfKill({ states, restarts }) {
  const problems = [];
  if (!states.some((state) => state.startsWith('waiting')))
    problems.push(`no client noticed: they were ${states.join(', ')}`);
  if (restarts.some(({ exit }) => exit !== 'SIGKILL')) problems.push('a server was not killed');
  return problems;
}

/** Returns the faults of a return of all clients at once. */
export function problemsOfStorm(outcome) {
  const { counts, reads, mostReads, scripts, errors } = outcome;
  const problems = [...problemsOfCounts(counts), ...errors.slice(0, 5)];
  if (reads > mostReads) problems.push(`Redis was read ${reads} times, ${mostReads} are allowed`);
  if (!reads || !scripts) problems.push('no read was counted');
  return problems;
}

function problemsOfCounts({ expected, lost, twice, outOfOrder }) {
  return [
    ...(expected ? [] : ['nothing was posted']),
    ...(lost ? [`${lost} of ${expected} were lost`] : []),
    ...(twice ? [`${twice} came twice`] : []),
    ...(outOfOrder ? [`${outOfOrder} came out of order`] : []),
  ];
}
