// The bounds that one hostile client is held to, and what a run is judged by.

/** The most that an attack may take, for each millisecond that it lasts. */
const CPU_SHARE = 0.1;
/** The time that a garbage collection or a compilation in the background adds, in milliseconds. */
const CPU_NOISE_MS = 40;
const WRITTEN_PER_BYTE = 4;
const RETAINED_PER_BYTE = 3;
/** Bytes that are granted to every connection, whatever it sent. */
const GRANTED_BYTES = 65_536;
/** The allowance of answers in this suite: small, so that a run of seconds shows what lasts. */
export const ANSWER_BYTES = 8_192;
/** The welcome, and what frames each take beside their payload. */
const WELCOME_BYTES = 1_024;
/** Bytes of answers a second that are granted without bytes of the client. */
const GRANTED_PER_SECOND = 1_024;
const WINDOW_MS = 1_000;
/** The time before a window whose frames are answered in it, in milliseconds. */
const UNDER_WAY_MS = 200;
/** The credit that errors have when a client sent much before. */
const ERROR_BYTES = 8_192;
/** A minute's lines of one kind of error, with their stacks. */
const LOG_BYTES = 32_768;
const REDIS_BYTES = 16_384;
const WITNESS_FACTOR = 2;
/** The time that a busy machine adds to the slowest of a hundred answers, in milliseconds. */
const WITNESS_FLOOR_MS = 10;

/** @typedef {{ name: string, forMs: number, connections: number, cpuMs: number, sent: number, answers: number,
 *   log: number, redis: number, p50: number, p99: number, calmP99: number, underWayMs: number,
 *   oneAnswerBytes?: number,
 *   samples: import('./timeline.mjs').Sample[] }} Measured */

/**
 * Tells what an attack exceeded.
 *
 * @param {Measured} measured
 * @returns {string[]}
 */
export function problemsOf(measured) {
  const { forMs, connections, cpuMs, sent, answers, log, redis, p99, calmP99, oneAnswerBytes = 0 } = measured;
  const problems = [];
  const allowedCpuMs = CPU_SHARE * forMs + CPU_NOISE_MS;
  if (cpuMs > allowedCpuMs) problems.push(`cpu: ${cpuMs.toFixed(0)} ms, at most ${allowedCpuMs.toFixed(0)}`);
  const free = GRANTED_PER_SECOND * (forMs / 1_000);
  // The answer that begins a debt is written whole.
  const grantedAnswers = (ANSWER_BYTES + WELCOME_BYTES + oneAnswerBytes) * connections;
  // A frame that subscribes to many channels does so in Redis too.
  const grantedRedis = GRANTED_BYTES + oneAnswerBytes * connections;
  const granted = { answers: grantedAnswers, log: GRANTED_BYTES, redis: grantedRedis };
  for (const [kind, bytes] of Object.entries({ answers, log, redis })) {
    const allowed = WRITTEN_PER_BYTE * sent + granted[kind] + free;
    if (bytes > allowed) problems.push(`${kind}: ${bytes} bytes, at most ${Math.round(allowed)}`);
  }
  for (const [kind, bytes] of Object.entries(excessOf(measured))) {
    const most = windowGrantsOf(measured)[kind];
    if (bytes > most)
      problems.push(`${kind}: ${Math.round(bytes)} bytes beyond its share in a window, at most ${most}`);
  }
  const allowedMs = Math.max(WITNESS_FACTOR * calmP99, calmP99 + WITNESS_FLOOR_MS);
  if (p99 > allowedMs) problems.push(`witness: p99 ${p99.toFixed(1)} ms, at most ${allowedMs.toFixed(1)}`);
  return problems;
}

/**
 * Returns by how many bytes each kind exceeded four bytes for each one that was sent, in the worst window.
 *
 * Windows are each second, and each time from the beginning, so that the first bytes are judged too.
 *
 * @param {Pick<Measured, 'samples' | 'underWayMs'>} measured `underWayMs` is the longest time of an answer
 */
export function excessOf({ samples, underWayMs }) {
  const earlierMs = Math.min(WINDOW_MS, Math.max(UNDER_WAY_MS, underWayMs));
  const excess = { answers: 0, errors: 0, log: 0, redis: 0 };
  const windows = samples.flatMap((to) => {
    const from = samples.findLast(({ at }) => at <= to.at - WINDOW_MS);
    const since = from && samples.findLast(({ at }) => at <= from.at - earlierMs);
    const whole = [NOTHING, NOTHING, to];
    return from ? [whole, [from, since ?? NOTHING, to]] : [whole];
  });
  for (const [from, sentFrom, to] of windows) {
    const seconds = (to.at - (from === NOTHING ? samples[0].at : from.at)) / 1_000;
    const allowed = WRITTEN_PER_BYTE * (to.sent - sentFrom.sent) + GRANTED_PER_SECOND * seconds;
    for (const kind of Object.keys(excess))
      excess[kind] = Math.max(excess[kind], to[kind] - from[kind] - allowed);
  }
  return excess;
}

const NOTHING = { at: 0, sent: 0, answers: 0, errors: 0, log: 0, redis: 0 };

function windowGrantsOf({ connections, oneAnswerBytes = 0 }) {
  return {
    answers: (ANSWER_BYTES + WELCOME_BYTES + oneAnswerBytes) * connections,
    errors: ERROR_BYTES,
    log: LOG_BYTES,
    redis: REDIS_BYTES + oneAnswerBytes * connections,
  };
}

/**
 * Tells whether a connection keeps more than it may.
 *
 * @param {{ retained: number, written: number }} perConnection
 * @returns {string[]}
 */
export function problemsOfRetained({ retained, written }) {
  const allowed = RETAINED_PER_BYTE * written + GRANTED_BYTES;
  return retained > allowed
    ? [`retained: ${Math.round(retained)} bytes a connection, at most ${Math.round(allowed)}`]
    : [];
}
