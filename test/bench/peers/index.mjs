/**
 * Who is measured. A new peer is one line here, a `*.server.mjs` that exports `serve(workload)`, and a
 * `*.dialect.mjs` unless it speaks one that is there.
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} server
 * @property {string} dialect
 * @property {boolean} validates whether it must refuse a bad message
 */

/** The unit of the ratios. */
export const UNIT = 'ws';

/** @type {readonly Peer[]} */
export const PEERS = [
  { name: 'nestwire', server: 'nestwire.server.mjs', dialect: 'nestwire.dialect.mjs', validates: true },
  { name: UNIT, server: 'ws.server.mjs', dialect: 'event.dialect.mjs', validates: false },
  {
    name: 'nest-gateway',
    server: 'nest-gateway.server.mjs',
    dialect: 'event.dialect.mjs',
    validates: true,
  },
];
