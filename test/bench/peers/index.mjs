/**
 * The measured servers. A new peer is one line here, a `*.server.mjs` whose `serve(setup)` resolves to the port, a
 * `*.dialect.mjs` unless it speaks one that is there, and its name at the workloads that it takes part in.
 *
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} [server]
 * @property {string} [dialect]
 * @property {string} [codec] for what is measured without a server
 * @property {string} [keeper] for the memory of kept messages: `openKeeper(setup)`
 * @property {string} [reads] the command by which it reads from Redis what a client missed
 * @property {boolean} validates whether it must refuse a bad message
 * @property {boolean} [isNative] whether ws unmasks with its optional native addon, bufferutil
 *
 * What a server is told.
 * @typedef {object} Setup
 * @property {string} kind of the workload
 * @property {boolean} validates
 * @property {string} [redisUrl] what the servers of a cluster share
 * @property {string} peer its name
 *
 * What a keeper is told.
 * @typedef {object} KeeperSetup
 * @property {string} [redisUrl] where it keeps; without it, in its process
 * @property {number} messages that a channel keeps
 */

const NESTWIRE = {
  server: 'nestwire.server.mjs',
  dialect: 'nestwire.dialect.mjs',
  validates: true,
  reads: 'xrange',
};
const WS = { server: 'ws.server.mjs', dialect: 'event.dialect.mjs', validates: false };
const GATEWAY = { server: 'nest-gateway.server.mjs', dialect: 'event.dialect.mjs' };
const SOCKET_IO = { server: 'socket.io.server.mjs', dialect: 'socket.io.dialect.mjs', validates: false };

/** @type {readonly Peer[]} */
export const PEERS = [
  { name: 'nestwire', ...NESTWIRE, codec: 'nestwire.codec.mjs' },
  { name: 'nestwire-forward', ...NESTWIRE, dialect: 'nestwire-forward.dialect.mjs' },
  {
    name: 'nestwire-recoverable',
    ...NESTWIRE,
    dialect: 'nestwire-recoverable.dialect.mjs',
    keeper: 'nestwire.keeper.mjs',
  },
  { name: 'nestwire-message', ...NESTWIRE, dialect: 'nestwire-message.dialect.mjs' },
  { name: 'nestwire-send', ...NESTWIRE, dialect: 'nestwire-send.dialect.mjs' },
  { name: 'nestwire-void', ...NESTWIRE, dialect: 'nestwire-void.dialect.mjs' },
  { name: 'nestwire-resumable', ...NESTWIRE, dialect: 'nestwire-resumable.dialect.mjs' },
  { name: 'nestwire-await', ...NESTWIRE, dialect: 'nestwire-await.dialect.mjs' },
  { name: 'nestwire+bufferutil', ...NESTWIRE, isNative: true },
  { name: 'ws', ...WS },
  { name: 'ws+bufferutil', ...WS, isNative: true },
  { name: 'ws-items', server: 'ws-items.server.mjs', dialect: 'ws-items.dialect.mjs', validates: false },
  { name: 'ws+xadd', server: 'ws-items.server.mjs', dialect: 'ws-items.dialect.mjs', validates: false },
  { name: 'ws-buffer', server: 'ws-buffer.server.mjs', dialect: 'event.dialect.mjs', validates: false },
  { name: 'ws+ioredis', server: 'ws-ioredis.server.mjs', dialect: 'event.dialect.mjs', validates: false },
  {
    name: 'ws+stream',
    server: 'ws-stream.server.mjs',
    dialect: 'ws-stream.dialect.mjs',
    validates: false,
    reads: 'xrange',
  },
  { name: 'array', keeper: 'array.keeper.mjs', validates: false },
  { name: 'xadd', keeper: 'xadd.keeper.mjs', validates: false },
  { name: 'nest-gateway', ...GATEWAY, validates: true },
  { name: 'nest-gateway-plain', ...GATEWAY, validates: false },
  { name: 'nest-io', server: 'nest-io.server.mjs', dialect: 'socket.io.dialect.mjs', validates: true },
  { name: 'nest-sse', server: 'nest-sse.server.mjs', dialect: 'sse.dialect.mjs', validates: false },
  { name: 'nest-resolve', server: 'nest-resolve.server.mjs', dialect: 'event.dialect.mjs', validates: false },
  {
    name: 'nest-controller',
    server: 'nest-controller.server.mjs',
    dialect: 'http.dialect.mjs',
    validates: true,
  },
  { name: 'socket.io', ...SOCKET_IO },
  { name: 'socket.io+redis-adapter', ...SOCKET_IO },
  { name: 'trpc', server: 'trpc.server.mjs', dialect: 'trpc.dialect.mjs', validates: true },
  { name: 'libraries', codec: 'libraries.codec.mjs', validates: true },
  { name: 'zod', codec: 'zod.codec.mjs', validates: true },
  { name: 'nestwire-zod', codec: 'nestwire-zod.codec.mjs', validates: true },
  { name: 'valibot', codec: 'valibot.codec.mjs', validates: true },
  { name: 'nestwire-valibot', codec: 'nestwire-valibot.codec.mjs', validates: true },
  { name: 'arktype', codec: 'arktype.codec.mjs', validates: true },
  { name: 'nestwire-arktype', codec: 'nestwire-arktype.codec.mjs', validates: true },
];
