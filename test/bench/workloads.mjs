/**
 * What is measured. `kind` names the function of `load/workload.mjs` and the server's side of it.
 *
 * @typedef {object} Workload
 * @property {string} name
 * @property {'echo' | 'fan-out'} kind
 * @property {string} title
 * @property {number} connections
 * @property {number} inFlight echo: messages without their answer on each connection; fan-out: of the one
 *   that posts
 */

/** @type {readonly Workload[]} */
export const WORKLOADS = [
  {
    name: 'echo-1',
    kind: 'echo',
    title: 'Echo, 100 connections, one message in flight on each',
    connections: 100,
    inFlight: 1,
  },
  {
    name: 'echo-16',
    kind: 'echo',
    title: 'Echo, 100 connections, 16 messages in flight on each',
    connections: 100,
    inFlight: 16,
  },
  {
    name: 'fan-out',
    kind: 'fan-out',
    title: 'Fan-out, one posts to 1,000 receivers, one message at a time',
    connections: 1_000,
    inFlight: 1,
  },
  {
    name: 'fan-out-16',
    kind: 'fan-out',
    title: 'Fan-out, one posts to 1,000 receivers, 16 messages at a time',
    connections: 1_000,
    inFlight: 16,
  },
];
