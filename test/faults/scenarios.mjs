/**
 * A fault of a cluster, and what its users may see of it.
 *
 * @typedef {object} Scenario
 * @property {string} id
 * @property {string} what
 * @property {Setup} setup
 * @property {{ rate?: number, textBytes?: number }} [load] posts a second of the whole cluster, and their size
 * @property {ReadonlyArray<readonly [name: string, argument?: unknown]>} steps
 * @property {Acceptance} accept
 *
 * @typedef {object} Setup
 * @property {'single' | 'sentinel' | 'cluster'} [redis]
 * @property {readonly string[]} [args] settings of Redis
 * @property {number} [replicas] of each master of a Cluster
 * @property {boolean} [hasOwnClock] whether the clock of Redis, and no other, can be moved
 * @property {{ name: string, password: string }} [user] that the servers sign in to Redis as
 * @property {number} [servers]
 * @property {number} [clients]
 * @property {boolean} [areClientsLate] whether a step starts the clients
 * @property {number} [rooms]
 * @property {object} [room] what differs in the channels
 * @property {any} [options] of the servers
 * @property {object} [client] options of the clients
 * @property {number} [tokenMs] how long the first token of each client is good; without it nobody signs in
 * @property {number} [orderMs] how often a client asks for something to be done once; 0 never
 * @property {readonly string[]} [sabotage] protections that the servers lack
 * @property {{ handlerMs: number, claimAfterMs: number }} [work] durable consumers of all rooms, in each server
 * @property {number} [nextVersion] the server that is of a next version
 * @property {readonly string[]} [apps] prefixes of applications that share the Redis, one a server
 *
 * @typedef {object} Acceptance
 * @property {readonly string[]} [verdicts] `valid` alone when left out
 * @property {number} [convergeMs] time after the heal until everybody has what was posted before it
 * @property {number} [settleMs] longest time until a post has settled
 * @property {readonly string[]} [failures] codes that posts may fail with; none when left out
 * @property {readonly string[]} [gaps] reasons that gaps may have; no gaps when left out
 * @property {number} [gapsEach] exactly so many gaps of each client and channel
 * @property {readonly string[]} [workGaps] reasons that gaps of durable consumers may have; no gaps when left out
 * @property {boolean} [mustHaveWorkGaps] whether the run shows nothing unless durable consumers had gaps
 * @property {boolean} [mustCountUnknown] whether each server counts publications of an unknown version
 * @property {number} [attemptsPerS] how often a server connects to Redis on average, from the first fault to the last
 * @property {number} [othersSettleMs] longest time until a post of another shard than the lost one is stored
 * @property {number} [outageMs] longest time without an ack
 * @property {number} [connectsEach] most connections of one client
 * @property {number} [exitMs] longest time that a server takes to end, with code 0
 * @property {number} [acceptsPerS] most clients that connect within a second
 * @property {number} [renewalsEach] exactly so many new tokens of each client
 * @property {number} [growthMb] most memory that a server takes beyond that before the faults
 * @property {string} [sparedNode] a server that the fault does not concern, and `sparedMs`: what may pass in any case
 * @property {number} [sparedMs]
 * @property {boolean} [isBounded] whether the run waits until processes hold no more than before
 * @property {boolean} [mustLoseAcks] whether the run shows nothing unless acks were lost
 */

const LASTING = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
const DEBUG = ['--enable-debug-command', 'local'];
const QUICK_HEARTBEAT = { heartbeat: { pingMs: 2_000, pongMs: 1_000 } };
const HEAVY = { rate: 200, textBytes: 5_000 };
const OUTAGE = ['UNAVAILABLE', 'UNCERTAIN', 'OVERLOADED'];
const ANOTHER_BRANCH = ['diverged', 'epoch-changed', 'trimmed'];
const REPORTED = ['valid', 'lost-ack(reported)'];
/** Slower than the busiest room: what happens to Redis finds work that nobody has done. */
const WORK = { handlerMs: 30, claimAfterMs: 3_000 };
/** A server that ends refuses posts from then on. */
const ENDING = ['MESSAGES_CLOSED'];
const DARK = { kind: 'blackhole' };

/** @type {readonly Scenario[]} */
const OF_REDIS = [
  {
    id: 'R1',
    what: 'Redis is killed and returns with its data',
    setup: { args: LASTING },
    steps: [['killRedis'], ['wait', 3_000], ['restartRedis']],
    accept: { convergeMs: 3_000, settleMs: 10_000, failures: OUTAGE },
  },
  {
    id: 'R2',
    what: 'Redis is killed and returns empty',
    setup: {},
    steps: [['killRedis'], ['wait', 3_000], ['restartRedis']],
    accept: { verdicts: REPORTED, convergeMs: 3_000, failures: OUTAGE, gaps: ['epoch-changed'], gapsEach: 1 },
  },
  {
    id: 'R3',
    what: 'Redis is killed and returns with older data',
    setup: {},
    steps: [['saveRedis'], ['wait', 500], ['killRedis'], ['wait', 500], ['restartRedis']],
    accept: {
      verdicts: REPORTED,
      convergeMs: 3_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
      mustLoseAcks: true,
    },
  },
  {
    id: 'overtaken',
    what: 'Redis returns with older data, and a server was stopped until the new timeline had overtaken the old one',
    setup: {},
    steps: [
      ['saveRedis'],
      ['wait', 300],
      ['pauseNode', 0],
      ['killRedis'],
      ['restartRedis'],
      ['wait', 4_000],
      ['resumeNode', 0],
    ],
    accept: {
      verdicts: REPORTED,
      convergeMs: 5_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
      mustLoseAcks: true,
    },
  },
  {
    id: 'R4',
    what: 'Redis is stopped',
    setup: {},
    steps: [['pauseRedis'], ['wait', 5_000], ['resumeRedis']],
    accept: { convergeMs: 3_000, settleMs: 10_000, failures: OUTAGE },
  },
  {
    id: 'R5',
    what: 'Redis is slow',
    setup: { args: DEBUG },
    steps: [
      ['spoilRedisLink', { node: 0, mode: { kind: 'latency', ms: 200, jitterMs: 100 } }],
      ['spoilRedisLink', { node: 1, mode: { kind: 'latency', ms: 200, jitterMs: 100 } }],
      ['wait', 5_000],
      ['heal'],
      ['every', { ms: 4_000, forMs: 8_000, step: ['sleepRedis', 1_000] }],
    ],
    accept: { convergeMs: 3_000, settleMs: 5_000 },
  },
  {
    id: 'R6',
    what: 'one server is disconnected from Redis',
    setup: {},
    steps: [['spoilRedisLink', { node: 0, mode: DARK }], ['wait', 10_000], ['heal']],
    accept: { convergeMs: 5_000, failures: OUTAGE, sparedNode: 'n1', sparedMs: 300, growthMb: 64 },
  },
  {
    id: 'R7',
    what: 'requests reach Redis, but replies are lost',
    setup: {},
    steps: [['spoilRedisLink', { node: 0, mode: DARK, direction: 'down' }], ['wait', 10_000], ['heal']],
    accept: { convergeMs: 5_000, failures: OUTAGE },
  },
  {
    id: 'R8',
    what: 'a subscriber is connected but receives nothing',
    setup: {},
    steps: [
      ['starve', 0],
      ['wait', 10_000],
    ],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'R9',
    what: 'Redis drops a subscriber that reads too slowly',
    setup: { args: ['--client-output-buffer-limit', 'pubsub 1mb 512kb 5'] },
    load: HEAVY,
    steps: [
      ['pauseNode', 0],
      ['wait', 10_000],
      ['resumeNode', 0],
    ],
    accept: { convergeMs: 10_000, failures: OUTAGE, gaps: ['too-many', 'trimmed'] },
  },
  {
    id: 'R10',
    what: 'the master is killed and a replica takes over',
    setup: { redis: 'sentinel' },
    steps: [['killMaster'], ['wait', 8_000]],
    accept: {
      verdicts: REPORTED,
      convergeMs: 8_000,
      outageMs: 8_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
    },
  },
  {
    id: 'R11',
    what: 'the master is stopped, is replaced, and returns',
    setup: { redis: 'sentinel' },
    steps: [['pauseMaster'], ['wait', 6_000], ['resumeMaster'], ['wait', 5_000]],
    accept: { verdicts: REPORTED, convergeMs: 10_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R11-replicated',
    what: 'the same with replicated channels',
    setup: { redis: 'sentinel', room: { durability: 'replicated' } },
    steps: [['pauseMaster'], ['wait', 6_000], ['resumeMaster'], ['wait', 5_000]],
    accept: { convergeMs: 10_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R12',
    what: 'a replica takes over while the master is running',
    setup: { redis: 'sentinel' },
    steps: [['failOver'], ['wait', 8_000]],
    accept: { verdicts: REPORTED, convergeMs: 8_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R12-replicated',
    what: 'the same with replicated channels',
    setup: { redis: 'sentinel', room: { durability: 'replicated' } },
    steps: [['failOver'], ['wait', 8_000]],
    accept: { convergeMs: 8_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R13',
    what: 'the slot of a busy channel moves',
    setup: { redis: 'cluster' },
    steps: [['moveHotSlot'], ['wait', 3_000]],
    accept: { convergeMs: 2_000 },
  },
  {
    id: 'R16',
    what: 'Redis is full',
    setup: { args: ['--maxmemory-policy', 'noeviction'] },
    steps: [
      ['fillRedis', 3_000_000],
      ['configureRedis', { maxmemory: '3mb' }],
      ['wait', 5_000],
      ['configureRedis', { maxmemory: '0' }],
      ['emptyRedis'],
    ],
    accept: { convergeMs: 3_000, failures: [...OUTAGE, 'RESOURCE_EXHAUSTED'] },
  },
  {
    id: 'R10-work',
    what: 'the master is killed and a replica takes over, and durable consumers work',
    setup: { redis: 'sentinel', work: WORK },
    steps: [['killMaster'], ['wait', 8_000]],
    accept: {
      verdicts: REPORTED,
      convergeMs: 8_000,
      outageMs: 8_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
      workGaps: ANOTHER_BRANCH,
    },
  },
  {
    id: 'R12-work',
    what: 'a replica takes over while the master is there, and durable consumers work',
    setup: { redis: 'sentinel', work: WORK },
    steps: [['failOver'], ['wait', 8_000]],
    accept: {
      verdicts: REPORTED,
      convergeMs: 8_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
      workGaps: ANOTHER_BRANCH,
    },
  },
  {
    id: 'R13-killed',
    what: 'the master of a busy channel is killed while its slot moves, and the operator closes the slot',
    setup: { redis: 'cluster', replicas: 1 },
    steps: [
      ['beginHotMove'],
      ['wait', 1_000],
      ['killMovingMaster'],
      ['wait', 12_000],
      ['repairMove'],
      ['wait', 2_000],
    ],
    accept: { verdicts: REPORTED, convergeMs: 10_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R14',
    what: 'a master of a Cluster is killed, and its replica takes over',
    // Else the whole Cluster refuses everything until the replica has taken over.
    setup: { redis: 'cluster', replicas: 1, args: ['--cluster-require-full-coverage', 'no'] },
    steps: [['killClusterMaster'], ['wait', 12_000]],
    accept: {
      verdicts: REPORTED,
      convergeMs: 10_000,
      failures: OUTAGE,
      gaps: ANOTHER_BRANCH,
      othersSettleMs: 2_000,
    },
  },
  {
    id: 'R17',
    what: 'Redis evicts heads and streams one after another',
    setup: {},
    steps: [
      ['every', { ms: 300, forMs: 6_000, step: ['evictKey'] }],
      ['wait', 1_000],
    ],
    accept: { verdicts: REPORTED, convergeMs: 15_000, failures: OUTAGE, gaps: ANOTHER_BRANCH },
  },
  {
    id: 'R18',
    what: 'Redis refuses writes, as a replica does',
    setup: {},
    steps: [['makeReadOnly'], ['wait', 5_000], ['makeWritable']],
    accept: { convergeMs: 3_000, failures: OUTAGE },
  },
  {
    id: 'R19',
    what: 'Redis answers BUSY to everything, and then MASTERDOWN',
    setup: { args: ['--lua-time-limit', '100', '--replica-serve-stale-data', 'no'] },
    steps: [
      ['beginEndlessScript'],
      ['wait', 3_000],
      ['killScript'],
      ['wait', 2_000],
      ['makeReadOnly'],
      ['wait', 3_000],
      ['makeWritable'],
    ],
    accept: { convergeMs: 5_000, settleMs: 10_000, failures: OUTAGE, growthMb: 64, attemptsPerS: 4 },
  },
  {
    id: 'R20',
    what: 'Redis disables the user of the servers',
    setup: { user: { name: 'app', password: 'secret' } },
    steps: [['disableUser'], ['wait', 5_000], ['enableUser']],
    accept: { convergeMs: 5_000, failures: OUTAGE },
  },
  {
    id: 'R21',
    what: 'Redis accepts no more connections',
    setup: {},
    steps: [['refuseConnections'], ['wait', 5_000], ['takeConnections']],
    accept: { convergeMs: 5_000, failures: OUTAGE, growthMb: 64, attemptsPerS: 4 },
  },
  {
    id: 'R22',
    what: 'Redis ends all connections each second, then those of subscribers alone',
    setup: {},
    steps: [
      ['every', { ms: 1_000, forMs: 6_000, step: ['killClients'] }],
      ['every', { ms: 500, forMs: 4_000, step: ['killSubscribers'] }],
    ],
    accept: { convergeMs: 3_000, failures: OUTAGE },
  },
  {
    id: 'R23',
    what: 'Redis loses everything at once',
    setup: {},
    steps: [['flushRedis'], ['wait', 2_000]],
    accept: { verdicts: REPORTED, convergeMs: 15_000, gaps: ['epoch-changed'], gapsEach: 1 },
  },
  {
    id: 'R23-work',
    what: 'Redis loses everything at once, and durable consumers work',
    setup: { work: WORK },
    steps: [['flushRedis'], ['wait', 2_000]],
    accept: {
      verdicts: REPORTED,
      convergeMs: 15_000,
      gaps: ['epoch-changed'],
      workGaps: ['epoch-changed'],
      mustHaveWorkGaps: true,
    },
  },
  {
    id: 'R24',
    what: 'servers of two versions run at once, a third version publishes, and the first is replaced',
    setup: { nextVersion: 1, work: WORK },
    steps: [
      ['wait', 5_000],
      ['every', { ms: 500, forMs: 3_000, step: ['publishUnknownVersion'] }],
      ['redirect', { from: 0, to: 1 }],
      ['upgradeNode', 0],
      ['wait', 3_000],
    ],
    accept: { convergeMs: 3_000, mustCountUnknown: true, failures: ENDING },
  },
  {
    id: 'R23-scripts',
    what: 'Redis forgets its scripts',
    setup: {},
    steps: [['every', { ms: 500, forMs: 3_000, step: ['flushScripts'] }]],
    accept: { convergeMs: 3_000 },
  },
  {
    id: 'R25-ahead',
    what: 'the clock of Redis jumps an hour ahead',
    setup: { hasOwnClock: true },
    steps: [
      // A head that nobody has posted to lives for ten minutes.
      ['postToAll'],
      ['moveClock', 3_600],
      ['wait', 6_000],
    ],
    accept: { convergeMs: 5_000, failures: OUTAGE, gaps: ['trimmed'] },
  },
  {
    id: 'R25-back',
    what: 'the clock of Redis jumps an hour back',
    setup: { hasOwnClock: true },
    steps: [
      ['moveClock', -3_600],
      ['wait', 6_000],
    ],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'R26',
    what: 'two applications share a Redis',
    setup: { apps: ['one', 'another'] },
    steps: [['wait', 3_000]],
    accept: { convergeMs: 3_000 },
  },
];

/** @type {readonly Scenario[]} */
const OF_SERVERS = [
  {
    id: 'S1',
    what: 'a server gets SIGTERM, and its clients move to another',
    setup: { options: { shutdown: { spreadMs: 1_000 } } },
    steps: [
      ['redirect', { from: 0, to: 1 }],
      ['terminateNode', 0],
      ['wait', 3_000],
      ['startNode', 0],
    ],
    accept: { convergeMs: 5_000, exitMs: 30_000, acceptsPerS: 200, failures: ENDING },
  },
  {
    id: 'S3',
    what: 'a server is killed, and its clients move to another',
    setup: {},
    steps: [
      ['redirect', { from: 0, to: 1 }],
      ['killNode', 0],
      ['wait', 5_000],
      ['startNode', 0],
    ],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'S3-work',
    what: 'a server is killed, and its clients and its work move to another',
    setup: { work: WORK },
    steps: [
      ['redirect', { from: 0, to: 1 }],
      ['killNode', 0],
      ['wait', 5_000],
      ['startNode', 0],
    ],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'S4',
    what: 'servers are replaced one after the other',
    setup: { options: { shutdown: { spreadMs: 500 } } },
    steps: [0, 1, 0, 1].flatMap((node) => [
      ['redirect', { from: node, to: 1 - node }],
      ['terminateNode', node],
      ['startNode', node],
      ['wait', 4_000],
    ]),
    accept: { convergeMs: 5_000, exitMs: 30_000, failures: ENDING },
  },
  {
    id: 'S5',
    what: 'a server stalls in its own code, and is then stopped',
    setup: { options: QUICK_HEARTBEAT },
    steps: [
      ['stallNode', { node: 0, ms: 3_000 }],
      ['wait', 2_000],
      ['pauseNode', 0],
      ['wait', 10_000],
      ['resumeNode', 0],
    ],
    accept: { convergeMs: 10_000, failures: OUTAGE },
  },
  {
    id: 'S9',
    what: 'no fault',
    setup: {},
    steps: [['wait', 5_000]],
    accept: { convergeMs: 1_000, settleMs: 1_000, connectsEach: 1 },
  },
  {
    id: 'S10',
    what: 'many clients connect and disconnect',
    setup: {},
    steps: [
      ['churn', { node: 0, count: 100 }],
      ['churn', { node: 1, count: 100 }],
    ],
    accept: { convergeMs: 3_000, isBounded: true },
  },
  {
    id: 'S10-within',
    what: 'each session subscribes and unsubscribes rapidly',
    setup: {},
    steps: [
      ['storm', { node: 0, rounds: 400, seed: 1 }],
      ['storm', { node: 1, rounds: 400, seed: 2 }],
    ],
    accept: { convergeMs: 3_000 },
  },
];

/** @type {readonly Scenario[]} */
const OF_CLIENTS = [
  {
    id: 'C1',
    what: 'the network between a server and its clients fails silently',
    setup: { options: QUICK_HEARTBEAT },
    steps: [['spoilClientLink', { node: 0, mode: DARK }], ['wait', 8_000], ['heal']],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'C2',
    what: 'clients read far too slowly',
    setup: {},
    load: HEAVY,
    steps: [
      [
        'spoilClientLink',
        { node: 0, mode: { kind: 'bandwidth', bytesPerSecond: 10_000 }, direction: 'down' },
      ],
      ['wait', 15_000],
      ['heal'],
    ],
    accept: { convergeMs: 10_000, gaps: ['too-many', 'trimmed'] },
  },
  {
    id: 'C3',
    what: 'clients are stopped for a while and continue',
    setup: {},
    steps: [
      ['pauseClients', 0],
      ['wait', 4_000],
      ['resumeClients', 0],
    ],
    accept: { convergeMs: 3_000, connectsEach: 1 },
  },
  {
    id: 'C5',
    what: 'clients sleep for a long time',
    setup: { options: QUICK_HEARTBEAT },
    steps: [
      ['pauseClients', 0],
      ['wait', 20_000],
      ['resumeClients', 0],
    ],
    accept: { convergeMs: 10_000, connectsEach: 2, gaps: ['too-many', 'trimmed'] },
  },
  {
    id: 'C6',
    what: 'clients change their network',
    setup: {},
    steps: [['refuseClients', 0], ['wait', 2_000], ['heal']],
    accept: { convergeMs: 3_000 },
  },
  {
    id: 'C7',
    what: 'the network of clients fails repeatedly',
    setup: {},
    steps: Array.from({ length: 10 }).flatMap(() => [
      ['refuseClients', 0],
      ['wait', 1_000],
      ['heal'],
      ['wait', 1_000],
    ]),
    accept: { convergeMs: 5_000, connectsEach: 21 },
  },
  {
    id: 'C10',
    what: 'two connections of one client send the same message at once',
    setup: {},
    steps: [
      ['race', { count: 50, nodes: [0, 1] }],
      ['race', { count: 50, nodes: [0, 0] }],
    ],
    accept: { convergeMs: 3_000 },
  },
  {
    id: 'C11',
    what: 'tokens expire while their clients are disconnected',
    setup: { tokenMs: 8_000 },
    steps: [['refuseClients', 0], ['wait', 10_000], ['heal']],
    accept: { convergeMs: 5_000, renewalsEach: 1 },
  },
  {
    id: 'C12',
    what: 'clients connect before a server is running',
    setup: { areClientsLate: true },
    steps: [
      ['refuseClients', 0],
      ['startClientsUnwatched', { node: 0, count: 10 }],
      ['wait', 3_000],
      ['heal'],
    ],
    accept: { convergeMs: 5_000 },
  },
  {
    id: 'C13',
    what: 'clients close before they are answered',
    setup: {},
    steps: [['churn', { node: 0, count: 100, isImpatient: true }]],
    accept: { convergeMs: 3_000 },
  },
];

/** All scenarios, by their id. */
export const SCENARIOS = new Map(
  [...OF_REDIS, ...OF_SERVERS, ...OF_CLIENTS].map((scenario) => [scenario.id, scenario]),
);

/** Those of the short form: one of each kind of fault. */
export const QUICK = ['R2', 'overtaken', 'R7', 'R22', 'S3', 'S10-within', 'C6'];
