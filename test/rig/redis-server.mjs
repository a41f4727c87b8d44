import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = resolve(fileURLToPath(import.meta.url), '../../../node_modules/.cache/nestwire-redis');
const START_DEADLINE_MS = 10_000;
const REMEDY =
  'Install one (Debian and Ubuntu: apt install redis-server; macOS: brew install redis), or set REDIS_SERVER_BIN to its path.';

/**
 * @typedef {object} RedisBinary
 * @property {string} path
 * @property {NodeJS.ProcessEnv} env what the process needs besides
 * @property {string} source where it was found, to be shown
 */

/**
 * A Redis of our own: a real process on a port of its own, without persistence unless asked for.
 *
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {string} host
 * @property {number} port
 * @property {number | undefined} pid
 * @property {string} source
 * @property {(...command: string[]) => Promise<string>} call sends one command over a connection of its own
 * @property {() => Promise<void>} stop ends it and removes what it left
 * @property {() => Promise<void>} kill ends it at once, as a crash does (SIGKILL)
 * @property {() => void} pause stops it where it stands (SIGSTOP)
 * @property {() => void} resume lets it go on (SIGCONT)
 * @property {() => Promise<void>} restart starts it again on the same port
 */

/**
 * @typedef {{ readonly host: string, readonly port: number }} RedisAddress
 * @typedef {Awaited<ReturnType<typeof startSentinels>>} SentinelGroup
 * @typedef {Awaited<ReturnType<typeof startCluster>>} RedisClusterGroup
 */

/** @type {Promise<RedisBinary | undefined> | undefined} */
let found;

/**
 * Finds a Redis server: REDIS_SERVER_BIN, then PATH, then the Debian package unpacked below
 * node_modules/.cache, then Homebrew.
 *
 * @returns {Promise<RedisBinary | undefined>} undefined when there is none
 */
export function findRedis() {
  return (found ??= search());
}

/**
 * Says why Redis tests do not run; fails instead where they must (CI=true or REQUIRE_REDIS=1).
 *
 * @param {string} what
 */
export function missingRedis(what) {
  const text = `${what} needs a Redis server, and none was found. ${REMEDY}`;
  if (process.env.CI === 'true' || process.env.REQUIRE_REDIS === '1') throw new Error(text);
  return text;
}

/**
 * Starts a Redis server on a free port of 127.0.0.1.
 *
 * @param {{ args?: readonly string[], port?: number, env?: NodeJS.ProcessEnv }} [options] more settings, as on the
 *   command line, and of the environment
 * @returns {Promise<RedisServer>}
 */
export async function startRedis({ args = [], port, env = {} } = {}) {
  const binary = await findRedis();
  if (!binary) throw new Error(`No Redis server was found. ${REMEDY}`);
  const withEnv = { ...binary, env: { ...binary.env, ...env } };
  const server = new RedisProcess(withEnv, port ?? (await freePort()), args);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/**
 * Starts a Redis with replicas and three Sentinels that watch it under the name `main`.
 *
 * @param {{ replicas?: number, downAfterMs?: number, args?: readonly string[] }} [options] `args` are those of
 *   the master and the replicas
 * @returns {Promise<{ name: string, sentinels: { host: string, port: number }[], master: RedisServer,
 *   replicas: RedisServer[], stop: () => Promise<void> }>}
 */
export async function startSentinels({ replicas = 1, downAfterMs = 1000, args = [] } = {}) {
  const master = await startRedis({ args });
  const followers = await startAll(replicas, () => ({
    args: ['--replicaof', '127.0.0.1', `${master.port}`, ...args],
  }));
  await until(async () =>
    (await master.call('INFO', 'replication')).includes(`connected_slaves:${replicas}`),
  );
  const sentinels = await startAll(3, () => ({ args: ['--sentinel'] }));
  for (const sentinel of sentinels) {
    await sentinel.call('SENTINEL', 'MONITOR', 'main', '127.0.0.1', `${master.port}`, '2');
    await sentinel.call('SENTINEL', 'SET', 'main', 'down-after-milliseconds', `${downAfterMs}`);
    await sentinel.call('SENTINEL', 'SET', 'main', 'failover-timeout', '5000');
  }
  await until(async () => {
    const states = await Promise.all(sentinels.map((one) => one.call('INFO', 'sentinel')));
    return states.every((state) => state.includes(`slaves=${replicas},sentinels=3`));
  });
  return {
    name: 'main',
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    master,
    replicas: followers,
    stop: () => stopAll([...sentinels, ...followers, master]),
  };
}

/**
 * Starts a Redis Cluster of masters that share the slots evenly, each with so many replicas.
 *
 * @param {{ masters?: number, replicas?: number, args?: readonly string[] }} [options]
 * @returns {Promise<{ nodes: { host: string, port: number }[], servers: RedisServer[], masters: RedisServer[],
 *   stop: () => Promise<void> }>} `masters` are those that it was started with
 */
export async function startCluster({ masters = 3, replicas = 0, args = [] } = {}) {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...args];
  const servers = await startAll(masters, async () => ({ args: settings, port: await freeClusterPort() }));
  const [first, ...others] = /** @type {[RedisServer, ...RedisServer[]]} */ (servers);
  const size = Math.ceil(16_384 / masters);
  for (const [index, server] of servers.entries()) {
    const last = Math.min((index + 1) * size, 16_384) - 1;
    await server.call('CLUSTER', 'ADDSLOTSRANGE', `${index * size}`, `${last}`);
    await server.call('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
  }
  for (const other of others) await first.call('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`);
  await until(async () => {
    const states = await Promise.all(servers.map((server) => server.call('CLUSTER', 'INFO')));
    return states.every(
      (state) => state.includes('cluster_state:ok') && state.includes(`cluster_size:${masters}`),
    );
  });
  const followers = await startAll(masters * replicas, async () => ({
    args: settings,
    port: await freeClusterPort(),
  }));
  for (const [index, follower] of followers.entries())
    await follow(follower, /** @type {RedisServer} */ (servers[index % masters]));
  const all = [...servers, ...followers];
  return {
    nodes: all.map(({ host, port }) => ({ host, port })),
    servers: all,
    masters: servers,
    stop: () => stopAll(all),
  };
}

/**
 * Makes a server the replica of a master of a Cluster.
 *
 * @param {RedisServer} follower
 * @param {RedisServer} master
 */
async function follow(follower, master) {
  await follower.call('CLUSTER', 'MEET', master.host, `${master.port}`);
  const id = /[0-9a-f]{40}/.exec(await master.call('CLUSTER', 'MYID'))?.[0] ?? '';
  await until(async () => (await follower.call('CLUSTER', 'NODES')).includes(id));
  await until(() =>
    follower.call('CLUSTER', 'REPLICATE', id).then(
      () => true,
      () => false,
    ),
  );
  await until(async () => (await follower.call('INFO', 'replication')).includes('master_link_status:up'));
}

/** @implements {RedisServer} */
class RedisProcess {
  host = '127.0.0.1';
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {string | undefined} */
  #directory;
  /** @type {readonly string[]} */
  #args;
  #binary;

  /**
   * @param {RedisBinary} binary
   * @param {number} port
   * @param {readonly string[]} args
   */
  constructor(binary, port, args) {
    this.#binary = binary;
    this.#args = args;
    this.port = port;
    process.once('exit', this.#onExit);
  }

  get url() {
    return `redis://${this.host}:${this.port}`;
  }

  get pid() {
    return this.#child?.pid;
  }

  get source() {
    return this.#binary.source;
  }

  async restart() {
    if (this.#child) await this.kill();
    this.#directory ??= await mkdtemp(join(tmpdir(), 'nestwire-redis-'));
    const child = spawn(this.#binary.path, await this.#settings(this.#directory), {
      env: { ...process.env, ...this.#binary.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (output = (output + text).slice(-4_000)));
    child.once('error', () => undefined);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended at once:\n${output}`);
      return /^\+PONG|^-NOAUTH|^-LOADING/.test(await this.#send(['PING']).catch(() => ''));
    });
  }

  async stop() {
    process.off('exit', this.#onExit);
    await this.kill();
    if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  async kill() {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  pause() {
    this.#child?.kill('SIGSTOP');
  }

  resume() {
    this.#child?.kill('SIGCONT');
  }

  /** @param {string[]} command */
  async call(...command) {
    const reply = await this.#send(command);
    if (reply.startsWith('-')) throw new Error(reply.slice(1).trim());
    return reply;
  }

  #onExit = () => void this.#child?.kill('SIGKILL');

  /** @param {string} directory */
  async #settings(directory) {
    const common = ['--bind', this.host, '--port', `${this.port}`, '--dir', directory];
    if (!this.#args.includes('--sentinel'))
      return [...common, '--save', '', '--appendonly', 'no', ...this.#args];
    const file = join(directory, 'sentinel.conf');
    if (!existsSync(file)) await writeFile(file, '');
    return [file, ...common, ...this.#args];
  }

  /**
   * @param {string[]} command
   * @returns {Promise<string>}
   */
  #send(command) {
    return new Promise((done, fail) => {
      const socket = createConnection({ host: this.host, port: this.port });
      let reply = '';
      socket.setTimeout(2_000, () => socket.destroy(new Error('Redis does not answer')));
      socket.on('error', fail);
      socket.on('close', () => fail(new Error('Redis closed the connection')));
      socket.on('data', (text) => {
        reply += text;
        if (!isWhole(reply)) return;
        done(reply);
        socket.destroy();
      });
      socket.write(
        `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`,
      );
    });
  }
}

/** @param {string} reply */
function isWhole(reply) {
  if (!reply.endsWith('\r\n')) return false;
  const bulk = /^\$(\d+)\r\n/.exec(reply);
  return !bulk || Buffer.byteLength(reply) >= bulk[0].length + Number(bulk[1]) + 2;
}

/** @returns {Promise<RedisBinary | undefined>} */
async function search() {
  const { REDIS_SERVER_BIN } = process.env;
  if (REDIS_SERVER_BIN) return { path: REDIS_SERVER_BIN, env: {}, source: 'REDIS_SERVER_BIN' };
  return onPath() ?? (await unpacked().catch(() => undefined)) ?? fromHomebrew();
}

/** @returns {RedisBinary | undefined} */
function onPath() {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['redis-server', 'valkey-server']) {
      const path = join(directory, name);
      if (directory && existsSync(path)) return { path, env: {}, source: `${name} on PATH` };
    }
  }
  return undefined;
}

/**
 * Downloads the packages of Debian or Ubuntu and unpacks them, which needs neither root nor an installation.
 *
 * @returns {Promise<RedisBinary | undefined>}
 */
async function unpacked() {
  const path = join(CACHE, 'usr/bin/redis-server');
  if (!existsSync(path)) {
    if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return undefined;
    await unpackInto(CACHE);
  }
  const libraries = (await readdir(join(CACHE, 'usr/lib'))).map((name) => join(CACHE, 'usr/lib', name));
  return {
    path,
    env: { LD_LIBRARY_PATH: [join(CACHE, 'usr/lib'), ...libraries].join(':') },
    source: 'the Debian package, unpacked',
  };
}

/** @param {string} target */
async function unpackInto(target) {
  const work = `${target}.${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    // Only what redis-server links against and a small system may lack; the C library is everywhere.
    const { stdout } = await run('apt-cache', [
      'depends',
      '--recurse',
      '--no-recommends',
      '--no-suggests',
      '--no-conflicts',
      '--no-breaks',
      '--no-replaces',
      '--no-enhances',
      '--no-pre-depends',
      'redis-tools',
    ]);
    const wanted = stdout
      .split('\n')
      .filter((line) => /^(redis-tools|lib(jemalloc|lua|hiredis|lzf|atomic|ssl|systemd)[^ ]*)$/.test(line));
    await run('apt-get', ['download', ...new Set(wanted)], { cwd: work, timeout: 120_000 });
    for (const name of await readdir(work))
      if (name.endsWith('.deb')) await run('dpkg', ['-x', join(work, name), work]);
    // In Debian the server is the program of the tools under another name.
    if (!existsSync(join(work, 'usr/bin/redis-server')))
      await rename(join(work, 'usr/bin/redis-check-rdb'), join(work, 'usr/bin/redis-server'));
    // Another process may have been quicker.
    if (!existsSync(target)) await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** @returns {RedisBinary | undefined} */
function fromHomebrew() {
  if (process.platform !== 'darwin') return undefined;
  for (const name of ['redis', 'valkey']) {
    try {
      const prefix = execFileSync('brew', ['--prefix', name], { encoding: 'utf8' }).trim();
      const path = join(prefix, 'bin', `${name}-server`);
      if (existsSync(path)) return { path, env: {}, source: `${name} of Homebrew` };
    } catch {
      // No Homebrew, or not this formula: there are other ways.
    }
  }
  return undefined;
}

/**
 * Starts several servers, or none.
 *
 * @param {number} count
 * @param {() => { args: readonly string[], port?: number } | Promise<{ args: readonly string[], port?: number }>} options
 */
async function startAll(count, options) {
  const starting = Array.from({ length: count }, async () => startRedis(await options()));
  const results = await Promise.allSettled(starting);
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (!failed) return servers;
  await stopAll(servers);
  throw failed.reason;
}

/**
 * Finds a port for a node of a Cluster: its bus listens 10,000 ports above.
 *
 * @returns {Promise<number>}
 */
async function freeClusterPort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  return (await freePort(port).catch(() => 0)) === port;
}

/**
 * @param {number} [wanted] any when it is left out
 * @returns {Promise<number>}
 */
function freePort(wanted = 0) {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });
}

/** @param {() => Promise<boolean>} fact */
async function until(fact) {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await fact())) {
    if (Date.now() > deadline) throw new Error(`Redis was not ready within ${START_DEADLINE_MS} ms.`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** @param {readonly RedisServer[]} servers */
async function stopAll(servers) {
  await Promise.all(servers.map((server) => server.stop()));
}
