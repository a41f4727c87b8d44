import { ratioAtMost, readsAtMost } from './targets.mjs';

const PEER = 'nestwire-recoverable';
const COST = ratioAtMost(1.25, 'nestwire', { peer: PEER });
/** A page serves for a second, and each of four positions may ask for one: in a storm of up to two seconds. */
const MOST_READS = 12;
/** How many channels each connection follows; the most are 128. */
export const FOLLOWED = 64;

const fanOut = {
  kind: 'fan-out',
  load: 'fan-out',
  peers: [PEER, 'nestwire'],
  unit: 'nestwire',
  connections: 1_000,
  targets: [COST],
};
const kept = { kind: 'keep', load: 'keep', channels: 50, messages: 1_000, maxRounds: 3 };
const QUICK_KEPT = { channels: 20, maxRounds: 1 };

/**
 * Workloads for the cost of channels with history: live, in memory, and when all come back.
 *
 * @type {readonly import('./workloads.mjs').Workload[]}
 */
export const HISTORY_WORKLOADS = [
  {
    ...fanOut,
    name: 'recoverable',
    title: 'Fan-out on a channel with history, 1,000 receivers, one message a turn',
    inFlight: 1,
    quick: {},
  },
  {
    ...fanOut,
    name: 'recoverable-16',
    title: 'Fan-out on a channel with history, 1,000 receivers, 16 messages a turn',
    inFlight: 16,
  },
  {
    ...fanOut,
    name: 'recoverable-cluster',
    title: 'Cluster fan-out on a channel with history, two processes of 500 receivers, one message a turn',
    kind: 'cluster',
    servers: 2,
    inFlight: 1,
  },
  {
    ...fanOut,
    name: 'recoverable-cluster-16',
    title: 'Cluster fan-out on a channel with history, two processes of 500 receivers, 16 messages a turn',
    kind: 'cluster',
    servers: 2,
    inFlight: 16,
  },
  {
    name: 'rejoin',
    title: 'Storm: 1,000 clients come back at once on one channel, to four positions in a history in Redis',
    kind: 'rejoin',
    load: 'rejoin',
    peers: [PEER, 'nestwire', 'ws+stream'],
    unit: 'nestwire',
    connections: 1_000,
    servers: 1,
    waves: 4,
    missed: 25,
    targets: [
      readsAtMost(MOST_READS, PEER),
      // It brings each 62 messages besides, which the channel without history does not have.
      ratioAtMost(2, 'nestwire', { peer: PEER }),
      ratioAtMost(0.7, 'ws+stream', { peer: PEER }),
    ],
    quick: { peers: [PEER, 'nestwire'], maxRounds: 2 },
  },
  {
    ...kept,
    name: 'kept',
    title: 'Memory of a message that is kept in the process',
    peers: [PEER, 'array'],
    unit: 'array',
    // Beside its text: its id, the one before it, its place, and for two minutes what finds it by its id.
    targets: [
      ratioAtMost(2, 'array', { peer: PEER, figure: 'bytes' }),
      ratioAtMost(1.5, 'array', { peer: PEER, figure: 'restBytes' }),
    ],
    quick: QUICK_KEPT,
  },
  {
    ...kept,
    name: 'kept-redis',
    title: 'Memory of a message that is kept in Redis',
    peers: [PEER, 'xadd'],
    unit: 'xadd',
    servers: 1,
    // The same; what finds it by its id is a key of its own, because only keys expire.
    targets: [
      ratioAtMost(2.4, 'xadd', { peer: PEER, figure: 'bytes' }),
      ratioAtMost(1.5, 'xadd', { peer: PEER, figure: 'restBytes' }),
    ],
    quick: QUICK_KEPT,
  },
  {
    name: 'follow',
    title: `Memory of a subscription: 1,000 connections, each follows the same ${FOLLOWED} channels`,
    kind: 'follow',
    load: 'follow',
    peers: [PEER, 'nestwire'],
    unit: 'nestwire',
    connections: 1_000,
    channels: FOLLOWED,
    maxRounds: 3,
    // A place and a resume token of its own, where the channel without history needs an entry in a list alone.
    targets: [ratioAtMost(3, 'nestwire', { peer: PEER, figure: 'rssKb' })],
    quick: { maxRounds: 1 },
  },
];
