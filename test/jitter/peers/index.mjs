/**
 * The compared peers: the files of server and client, and the setup of the server.
 *
 * @typedef {{ name: string, server: string, client: string, setup?: object, needsRedis?: boolean, mustBeWhole?: boolean, mustLose?: boolean }} Peer
 *   `mustBeWhole`: every message has to come once and in order; `mustLose`: what shows that a loss is seen
 * @type {readonly Peer[]}
 */
export const PEERS = [
  {
    name: 'nestwire, history over Redis',
    server: 'nestwire.server.mjs',
    client: 'nestwire.client.mjs',
    needsRedis: true,
    mustBeWhole: true,
  },
  {
    name: 'nestwire, history in the process',
    server: 'nestwire.server.mjs',
    client: 'nestwire.client.mjs',
    mustBeWhole: true,
  },
  {
    name: 'Socket.IO, connection state recovery',
    server: 'socket.io.server.mjs',
    client: 'socket.io.client.mjs',
    setup: { isRecovering: true },
  },
  {
    name: 'Socket.IO',
    server: 'socket.io.server.mjs',
    client: 'socket.io.client.mjs',
    mustLose: true,
  },
];
