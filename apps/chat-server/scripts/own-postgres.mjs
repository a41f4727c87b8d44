import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { endWithThis } from './end-with-parent.mjs';
import { postgresUser } from './postgres-programs.mjs';

const run = promisify(execFile);
const USER = 'chat';
/** The time for a start, with the recovery after a crash. */
const START_MS = 60_000;
/** The time for an orderly stop; afterwards the server ends without a checkpoint, and recovers at its next start. */
const STOP_MS = 10_000;
/** The time that a server of this folder has to end, when the process that started it has just crashed. */
const RELEASE_MS = 10_000;
const SETTINGS = {
  unix_socket_directories: '',
  // The log holds only starts and ends; refused queries are in the log of the chat.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_min_error_statement: 'panic',
};

/**
 * A PostgreSQL server with its data in a folder, for the processes of this machine alone.
 *
 * It listens on a free port of 127.0.0.1 and demands a random password. Root runs it as another user. Ctrl-C does not
 * reach it, so that the servers of the chat store their last messages; it ends with this process, also after a crash.
 */
export class OwnPostgres {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #folder;
  #programs;
  #user;
  #url = '';

  /**
   * @param {string} folder of the data, the password and the log; is created
   * @param {string} programs the folder of `initdb` and `postgres`
   */
  constructor(folder, programs) {
    this.#folder = folder;
    this.#programs = programs;
    this.#user = postgresUser();
  }

  /** The URL for clients, with the password; empty before the start. */
  get url() {
    return this.#url;
  }

  /** The id of the process; undefined while it does not run. */
  get pid() {
    return this.#child?.pid;
  }

  /** Returns true if there are data, of an earlier start. */
  get hasData() {
    return existsSync(this.#data);
  }

  /** Creates the folder; returns false if the user who runs the server cannot write there. */
  async canUseFolder() {
    await mkdir(dirname(this.#folder), { recursive: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) await chown(this.#folder, uid, gid);
    return run('/bin/sh', ['-c', 'cd "$0" && test -w .', this.#folder], { cwd: '/', ...this.#user }).then(
      () => true,
      () => false,
    );
  }

  /**
   * Starts the server; creates its data at the first start. Resolves when it answers.
   *
   * @throws {Error} with the cause and the remedy, when it does not answer within 60 s
   */
  async start() {
    const password = this.hasData ? await this.#password() : await this.#create();
    await this.#awaitRelease();
    const port = await freePort();
    this.#url = `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
    const log = await open(this.#log, 'w');
    const settings = Object.entries({ ...SETTINGS, port, listen_addresses: '127.0.0.1' });
    const child = (this.#child = spawn(
      join(this.#programs, 'postgres'),
      ['-D', this.#data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...this.#user, cwd: this.#folder, detached: true, stdio: ['ignore', log.fd, log.fd] },
    ));
    child.once('error', () => undefined);
    await log.close();
    endWithThis(child, 'INT');
    try {
      await within(START_MS, () => this.#answers(child));
    } catch (error) {
      await this.stop();
      throw await this.#failure('did not start', error);
    }
  }

  /** Resolves when the server has ended, for whatever reason. */
  async ended() {
    if (this.#child && isRunning(this.#child)) await once(this.#child, 'exit');
  }

  /** Stops the server: connections end, nothing that is committed is lost. */
  async stop() {
    const child = this.#child;
    this.#child = undefined;
    if (!child || !isRunning(child)) return;
    const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
    child.kill('SIGINT');
    await once(child, 'exit');
    clearTimeout(timer);
  }

  get #data() {
    return join(this.#folder, 'data');
  }

  get #log() {
    return join(this.#folder, 'log');
  }

  get #passwordFile() {
    return join(this.#folder, 'password');
  }

  async #password() {
    const password = await readFile(this.#passwordFile, 'utf8').catch(() => undefined);
    if (password) return password;
    throw await this.#failure('did not start', new Error(`The file ${this.#passwordFile} is missing.`));
  }

  /** Creates the data beside their place, so that an interrupted first start leaves nothing behind. */
  async #create() {
    const password = randomBytes(24).toString('hex');
    const unfinished = `${this.#data}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await rm(this.#passwordFile, { force: true });
    await writeFile(this.#passwordFile, password, { mode: 0o600 });
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) await chown(this.#passwordFile, uid, gid);
    const settings = ['-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-locale'];
    await run(
      join(this.#programs, 'initdb'),
      ['-D', unfinished, '--pwfile', this.#passwordFile, ...settings],
      { ...this.#user, cwd: this.#folder },
    ).catch(async ({ stderr, message }) => {
      throw await this.#failure('could not create its data', new Error(stderr || message));
    });
    await rename(unfinished, this.#data);
    return password;
  }

  /**
   * Makes the lock of an earlier server no obstacle. A process id may belong to another program after a restart of
   * the machine; postgres would take that program for itself and refuse to start.
   */
  async #awaitRelease() {
    const lock = join(this.#data, 'postmaster.pid');
    const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
    if (!pid) return;
    await within(RELEASE_MS, async () => !(await isServerOf(this.#data, pid))).catch(() => {
      throw new Error(
        `PostgreSQL (process ${pid}) runs in ${this.#folder} already. Stop the start:cluster that uses it, choose ` +
          `another folder with CHAT_DATA, or end a process that was left: kill -INT ${pid}`,
      );
    });
    await rm(lock, { force: true });
  }

  /** @param {import('node:child_process').ChildProcess} child */
  async #answers(child) {
    if (!isRunning(child)) throw new Error('It ended at once.');
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch (error) {
      // A refused password stays refused; every other refusal ends when the server is ready.
      if (/** @type {{ code?: string }} */ (error).code === '28P01') throw error;
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /**
   * @param {string} outcome
   * @param {unknown} error
   */
  async #failure(outcome, error) {
    const { message } = /** @type {Error} */ (error);
    const log = (await readFile(this.#log, 'utf8').catch(() => '')).slice(-2_000).trim();
    return new Error(
      `PostgreSQL (${this.#programs}) ${outcome}: ${message.trim()}${log && `\n${log}`}\n` +
        `Set DATABASE_URL to a server that runs, or to nothing for a file (DATABASE_URL= npm run start:cluster). ` +
        `To begin with empty data, delete ${this.#folder}`,
    );
  }
}

/** @param {import('node:child_process').ChildProcess} child */
function isRunning(child) {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/**
 * Returns true if a process is a server with its data in a folder.
 *
 * @param {string} data
 * @param {number} pid
 */
async function isServerOf(data, pid) {
  const words = existsSync('/proc/self/cmdline')
    ? readFile(`/proc/${pid}/cmdline`, 'utf8')
    : run('ps', ['-ww', '-o', 'args=', '-p', `${pid}`]).then(({ stdout }) => stdout);
  const text = await words.catch(() => '');
  return text.includes('postgres') && text.includes(data);
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => done(port));
    });
  });
}

/**
 * Waits until a fact holds.
 *
 * @param {number} limitMs
 * @param {() => Promise<boolean>} fact
 */
async function within(limitMs, fact) {
  const deadline = Date.now() + limitMs;
  while (!(await fact())) {
    if (Date.now() > deadline) throw new Error(`It was not ready within ${limitMs} ms.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
