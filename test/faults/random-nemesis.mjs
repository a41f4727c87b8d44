import { randomFrom } from './random.mjs';

const PAUSE_MS = 2_000;
const QUICK_HEARTBEAT = { heartbeat: { pingMs: 2_000, pongMs: 1_000 } };
const LASTING = ['--appendonly', 'yes', '--appendfsync', 'always', '--enable-debug-command', 'local'];

/** Faults that leave all as it was, by name; each gets a server and how long it lasts, in milliseconds. */
const FAULTS = {
  redisKilled: (_node, ms) => [['killRedis'], ['wait', ms], ['restartRedis']],
  redisStopped: (_node, ms) => [['pauseRedis'], ['wait', ms], ['resumeRedis']],
  redisSlow: (node, ms) => [
    ['spoilRedisLink', { node, mode: { kind: 'latency', ms: 150, jitterMs: 100 } }],
    ['wait', ms],
    ['heal'],
  ],
  redisAsleep: () => [['sleepRedis', 1_000]],
  redisCutOff: (node, ms) => [
    ['spoilRedisLink', { node, mode: { kind: 'blackhole' } }],
    ['wait', ms],
    ['heal'],
  ],
  repliesLost: (node, ms) => [
    ['spoilRedisLink', { node, mode: { kind: 'blackhole' }, direction: 'down' }],
    ['wait', ms],
    ['heal'],
  ],
  subscriberStarved: (node, ms) => [
    ['starve', node],
    ['wait', ms],
  ],
  connectionsKilled: () => [['every', { ms: 500, forMs: 3_000, step: ['killClients'] }]],
  scriptsForgotten: () => [['flushScripts']],
  clientsCut: (node) => [['cutClients', node]],
  clientsRefused: (node, ms) => [['refuseClients', node], ['wait', ms], ['heal']],
  clientsUnheard: (node, ms) => [
    ['spoilClientLink', { node, mode: { kind: 'blackhole' } }],
    ['wait', ms],
    ['heal'],
  ],
  clientsSliced: (node, ms) => [
    ['spoilClientLink', { node, mode: { kind: 'slicer', bytes: 7 } }],
    ['wait', ms],
    ['heal'],
  ],
  clientsStopped: (node, ms) => [
    ['pauseClients', node],
    ['wait', ms],
    ['resumeClients', node],
  ],
  serverStopped: (node, ms) => [
    ['pauseNode', node],
    ['wait', ms],
    ['resumeNode', node],
  ],
  serverStalled: (node) => [['stallNode', { node, ms: 2_000 }]],
  serverKilled: (node, ms) => [
    ['redirect', { from: node, to: 1 - node }],
    ['killNode', node],
    ['wait', ms],
    ['startNode', node],
  ],
  serverEnded: (node) => [
    ['redirect', { from: node, to: 1 - node }],
    ['terminateNode', node],
    ['startNode', node],
  ],
  clientsComeAndGo: (node) => [['churn', { node, count: 20 }]],
};

/**
 * Makes a scenario of faults at random, one after the other; a seed makes the same one again.
 *
 * @returns {import('./scenarios.mjs').Scenario}
 */
export function randomNemesis({ seed, minutes }) {
  const random = randomFrom(seed);
  const names = Object.keys(FAULTS);
  const steps = [];
  for (let leftMs = minutes * 60_000; leftMs > 0;) {
    const ms = Math.round(1_000 + random() * 6_000);
    const fault = names[Math.floor(random() * names.length)];
    steps.push(['note', fault], ...FAULTS[fault](Math.floor(random() * 2), ms), ['wait', PAUSE_MS]);
    leftMs -= ms + PAUSE_MS;
  }
  return {
    id: 'nemesis',
    what: `faults at random for ${minutes} minutes`,
    // Long histories: in the end all that was posted is compared.
    setup: {
      args: LASTING,
      clients: 8,
      rooms: 5,
      room: { history: { messages: 100_000, ageMs: 7_200_000 } },
      options: { ...QUICK_HEARTBEAT, shutdown: { spreadMs: 500 } },
    },
    load: { rate: 60, textBytes: 40 },
    steps,
    accept: {
      convergeMs: 10_000,
      failures: ['UNAVAILABLE', 'UNCERTAIN', 'OVERLOADED'],
      exitMs: 30_000,
    },
  };
}
