import { ratioAtMost } from './targets.mjs';

const OWN = ['nestwire', 'nestwire-void', 'nestwire-send', 'nestwire-message'];
const SOCKETS = [...OWN, 'nest-gateway', 'socket.io', 'trpc'];
const reply = {
  kind: 'reply',
  load: 'echo',
  peers: SOCKETS,
  unit: 'nestwire-message',
  connections: 100,
  targets: [ratioAtMost(1.15, 'nestwire-message')],
};
const RESUMABLE = ratioAtMost(1.3, 'nestwire', { peer: 'nestwire-resumable' });
const tokens = {
  kind: 'tokens',
  load: 'items',
  peers: ['nestwire', 'nestwire-resumable', 'nest-sse', 'ws-items'],
  unit: 'nestwire',
  connections: 200,
  items: 100,
  itemsPerSecond: 50,
  maxRounds: 5,
};
const QUICK_TOKENS = {
  title: 'Tokens of 100 generations, 100 tokens at 100 a second each',
  connections: 100,
  itemsPerSecond: 100,
  maxRounds: 3,
};
const ALL_TOKENS = { connections: 1_000, items: 500, maxRounds: 3, isOnRequest: true };

/**
 * Workloads for the cost of calls.
 *
 * @type {readonly import('./workloads.mjs').Workload[]}
 */
export const CALL_WORKLOADS = [
  {
    ...reply,
    name: 'reply-1',
    title: 'Replies, 100 connections, one call in flight on each',
    peers: [...SOCKETS, 'nest-controller'],
    inFlight: 1,
    quick: { peers: ['nestwire', 'nestwire-message', 'trpc'] },
  },
  {
    ...reply,
    name: 'reply-16',
    title: 'Replies, 100 connections, 16 calls in flight on each',
    inFlight: 16,
    quick: { peers: ['nestwire', 'nestwire-message', 'trpc'] },
  },
  {
    ...reply,
    name: 'reply-16-separate',
    title: 'Replies, 100 connections, 16 calls in flight on each, each in a write of its own',
    inFlight: 16,
    writes: 'separate',
  },
  {
    kind: 'items',
    load: 'items',
    name: 'items',
    title: 'A stream of 100,000 items on one connection',
    peers: ['nestwire', 'nestwire-resumable', 'ws-items', 'trpc'],
    unit: 'ws-items',
    connections: 1,
    items: 100_000,
    maxRounds: 5,
    targets: [ratioAtMost(0.5, 'trpc')],
    quick: {
      title: 'A stream of 20,000 items on one connection',
      peers: ['nestwire', 'ws-items', 'trpc'],
      items: 20_000,
      maxRounds: 3,
    },
  },
  {
    ...tokens,
    name: 'tokens',
    title: 'Tokens of 200 generations, 100 tokens at 50 a second each',
    targets: [RESUMABLE],
    quick: { ...QUICK_TOKENS, peers: ['nestwire', 'nestwire-resumable', 'nest-sse'] },
  },
  {
    ...tokens,
    name: 'tokens-redis',
    title: 'Tokens of 200 generations, stored in Redis',
    peers: ['nestwire', 'nestwire-resumable', 'ws+xadd'],
    servers: 1,
    targets: [RESUMABLE],
    quick: {
      ...QUICK_TOKENS,
      title: 'Tokens of 100 generations, 100 tokens at 100 a second each, stored in Redis',
    },
  },
  {
    ...tokens,
    ...ALL_TOKENS,
    name: 'tokens-1000',
    title: 'Tokens of 1,000 generations, 500 tokens at 50 a second each',
    targets: [RESUMABLE],
  },
  {
    ...tokens,
    ...ALL_TOKENS,
    name: 'tokens-1000-redis',
    title: 'Tokens of 1,000 generations, stored in Redis',
    peers: ['nestwire', 'nestwire-resumable', 'ws+xadd'],
    servers: 1,
    targets: [RESUMABLE],
  },
];
