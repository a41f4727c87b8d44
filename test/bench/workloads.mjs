import { CALL_WORKLOADS } from './call.workloads.mjs';
import { HISTORY_WORKLOADS } from './history.workloads.mjs';
import { ratioAtMost, timesLess } from './targets.mjs';

/**
 * A measured workload.
 *
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} title
 * @property {string} kind the server's side: a function of each `peers/*.server.mjs`
 * @property {string} load what loads it: a file of `load`, or a process without a server
 * @property {readonly string[]} peers who takes part, by name
 * @property {string} unit the peer that the ratios are to
 * @property {readonly import('./targets.mjs').Target[]} targets
 * @property {number} [connections]
 * @property {number} [inFlight] echo: messages without their answer on each connection; fan-out: posted in one
 *   write, the next ones when all receivers have them; lives: connections that come and go at the same time
 * @property {string} [writes] `joined` or `separate`: whether a client writes what it has to send in one write, as when it is
 *   joined before (the default), or each message in a write of its own, as most WebSocket clients do
 * @property {number} [waves] rejoin: how many positions the clients come back to
 * @property {number} [missed] rejoin: messages that are posted after each wave was cut off
 * @property {number} [channels] follow: what each connection follows; keep: how many there are
 * @property {number} [messages] keep: what each channel keeps
 * @property {number} [classes] decorated classes in the process, beside those of the workload
 * @property {number} [servers] processes that share the connections, through Redis; 1 without
 * @property {number} [items] items: the length of the stream on each connection
 * @property {number} [itemsPerSecond] items: the pace of each stream; without it as fast as it is read
 * @property {number} [maxRounds] for what takes long
 * @property {boolean} [isOnRequest] whether it runs only where `--only` names it
 * @property {Partial<Workload>} [quick] what differs in the short run; without it the workload is left out there
 */

const SMALL = ['nestwire', 'ws', 'nest-gateway'];
const NATIVE = ['nestwire+bufferutil', 'ws+bufferutil'];
const ECHO = ['nestwire', 'ws', ...NATIVE, 'nest-gateway', 'nest-gateway-plain', 'nest-io', 'socket.io'];
const FAN_OUT = ['nestwire', 'ws', 'ws-buffer', 'nest-gateway-plain', 'nest-io', 'socket.io'];
const CLUSTER = ['nestwire', 'ws+ioredis', 'socket.io+redis-adapter'];
const CLUSTER_BURST = [...CLUSTER, 'nestwire-await'];

const echo = { kind: 'echo', load: 'echo', peers: ECHO, unit: 'ws', connections: 100 };
const fanOut = { kind: 'fan-out', load: 'fan-out', unit: 'ws', connections: 1_000 };
const forward = { ...fanOut, peers: ['nestwire-forward', 'nestwire', 'ws'] };
const cluster = { kind: 'cluster', load: 'fan-out', peers: CLUSTER, unit: 'ws+ioredis', servers: 2 };
const codec = { load: 'codec', peers: ['nestwire', 'libraries'], unit: 'libraries' };

/** @type {readonly Workload[]} */
export const WORKLOADS = [
  {
    ...echo,
    name: 'echo-1',
    title: 'Echo, 100 connections, one message in flight on each',
    inFlight: 1,
    targets: [ratioAtMost(1.1, 'ws'), timesLess(5, 'nest-gateway')],
    quick: { peers: SMALL },
  },
  {
    ...echo,
    name: 'echo-16',
    title: 'Echo, 100 connections, 16 messages in flight on each',
    inFlight: 16,
    targets: [ratioAtMost(0.65, 'ws'), timesLess(5, 'nest-gateway')],
    quick: { peers: SMALL },
  },
  {
    ...echo,
    name: 'echo-16-separate',
    title: 'Echo, 100 connections, 16 messages in flight on each, each in a write of its own',
    inFlight: 16,
    writes: 'separate',
    targets: [ratioAtMost(1.1, 'ws')],
    quick: { peers: SMALL },
  },
  {
    ...echo,
    name: 'echo-1000-classes',
    title: 'Echo, one message in flight, 1,000 decorated classes in the process',
    peers: SMALL,
    inFlight: 1,
    classes: 1_000,
    targets: [ratioAtMost(1.1, 'ws'), timesLess(9, 'nest-gateway')],
  },
  {
    ...echo,
    name: 'latency',
    title: 'Echo at a fixed rate, a fifth of what bare ws can do',
    load: 'paced',
    targets: [ratioAtMost(1, 'ws', { figure: 'p50Us' }), ratioAtMost(1, 'ws', { figure: 'p99Us' })],
  },
  {
    ...fanOut,
    name: 'fan-out',
    title: 'Fan-out to 1,000 receivers, one message a turn',
    peers: FAN_OUT,
    inFlight: 1,
    targets: [ratioAtMost(0.85, 'ws'), ratioAtMost(1, 'ws-buffer'), timesLess(1.6, 'socket.io')],
    quick: {
      peers: ['nestwire', 'ws', 'socket.io'],
      targets: [ratioAtMost(0.85, 'ws'), timesLess(1.6, 'socket.io')],
    },
  },
  {
    ...fanOut,
    name: 'fan-out-16',
    title: 'Fan-out to 1,000 receivers, 16 messages a turn',
    peers: FAN_OUT,
    inFlight: 16,
    targets: [ratioAtMost(0.12, 'ws'), timesLess(8, 'socket.io')],
    quick: { peers: ['nestwire', 'ws', 'socket.io'] },
  },
  {
    ...fanOut,
    name: 'fan-out-16-separate',
    title: 'Fan-out to 1,000 receivers, 16 messages a turn, each in a write of its own',
    peers: FAN_OUT,
    inFlight: 16,
    writes: 'separate',
    targets: [],
    quick: { peers: ['nestwire', 'ws', 'socket.io'] },
  },
  {
    ...fanOut,
    name: 'fan-out-10000',
    title: 'Fan-out to 10,000 receivers, one message a turn',
    peers: ['nestwire', 'ws', 'ws-buffer', 'socket.io'],
    connections: 10_000,
    inFlight: 1,
    maxRounds: 5,
    targets: [],
  },
  {
    ...forward,
    name: 'forward',
    title: 'Fan-out to 1,000 listeners that forward the message, one a turn',
    inFlight: 1,
    targets: [ratioAtMost(1.25, 'nestwire', { peer: 'nestwire-forward' })],
  },
  {
    ...forward,
    name: 'forward-16',
    title: 'Fan-out to 1,000 listeners that forward the message, 16 a turn',
    inFlight: 16,
    targets: [ratioAtMost(1.25, 'nestwire', { peer: 'nestwire-forward' })],
  },
  ...CALL_WORKLOADS,
  ...HISTORY_WORKLOADS,
  {
    ...cluster,
    name: 'cluster',
    title: 'Cluster fan-out, two processes of 500 receivers, one message a turn',
    connections: 1_000,
    inFlight: 1,
    targets: [
      ratioAtMost(0.9, 'ws+ioredis'),
      timesLess(1.5, 'socket.io+redis-adapter'),
      ratioAtMost(1, 'ws+ioredis', { figure: 'p99Us' }),
    ],
  },
  {
    ...cluster,
    name: 'cluster-16',
    title: 'Cluster fan-out, two processes of 500 receivers, 16 messages a turn',
    peers: CLUSTER_BURST,
    connections: 1_000,
    inFlight: 16,
    targets: [
      ratioAtMost(0.35, 'ws+ioredis'),
      timesLess(5, 'socket.io+redis-adapter'),
      ratioAtMost(1, 'ws+ioredis', { figure: 'p99Us' }),
    ],
    quick: { peers: CLUSTER },
  },
  {
    ...cluster,
    name: 'cluster-16-separate',
    title: 'Cluster fan-out, two processes of 500 receivers, 16 messages a turn, each in a write of its own',
    connections: 1_000,
    inFlight: 16,
    writes: 'separate',
    targets: [],
  },
  {
    ...cluster,
    name: 'cluster-publish',
    title: 'Cluster, many posts for few: one receiver on each of two processes',
    peers: CLUSTER_BURST,
    connections: 2,
    inFlight: 16,
    targets: [],
  },
  {
    name: 'idle',
    title: '10,000 idle connections',
    kind: 'idle',
    load: 'hold',
    peers: ['nestwire', 'ws', 'nest-gateway-plain', 'nest-io', 'socket.io'],
    unit: 'ws',
    connections: 10_000,
    maxRounds: 3,
    targets: [ratioAtMost(1.3, 'ws', { figure: 'rssKb' })],
    quick: { title: '1,000 idle connections', peers: ['nestwire', 'ws'], connections: 1_000, maxRounds: 2 },
  },
  {
    name: 'storm',
    title: 'Storm: connections come, are greeted and go',
    kind: 'echo',
    load: 'lives',
    peers: ['nestwire', 'ws', 'nest-gateway-plain', 'nest-io', 'socket.io'],
    unit: 'ws',
    inFlight: 50,
    targets: [],
  },
  {
    name: 'churn',
    title: 'Churn: connections come and go, each with a tree of three session-scoped providers',
    kind: 'churn',
    load: 'lives',
    peers: ['nestwire', 'nest-resolve'],
    unit: 'nest-resolve',
    inFlight: 50,
    targets: [ratioAtMost(1.3, 'nest-resolve')],
  },
  {
    ...codec,
    name: 'decode',
    title: 'Decode and validate alone',
    kind: 'decode',
    targets: [timesLess(8, 'libraries')],
    quick: {},
  },
  {
    ...codec,
    name: 'decode-1000-classes',
    title: 'Decode and validate alone, 1,000 decorated classes in the process',
    kind: 'decode',
    classes: 1_000,
    targets: [timesLess(80, 'libraries')],
    quick: {},
  },
  ...['zod', 'valibot', 'arktype'].map((library) => ({
    ...codec,
    name: `decode-${library}`,
    title: `Decode and validate a message of a schema of ${library} alone`,
    kind: 'decode',
    peers: [`nestwire-${library}`, library],
    unit: library,
    targets: [ratioAtMost(2, library, { peer: `nestwire-${library}` })],
    quick: {},
  })),
  {
    ...codec,
    name: 'encode',
    title: 'Encode alone',
    kind: 'encode',
    targets: [],
  },
];
