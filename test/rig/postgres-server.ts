import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { findPostgres, postgresUser } from '../../apps/chat-server/scripts/postgres-programs.mjs';
import { until } from './until.js';

const run = promisify(execFile);
const programs = findPostgres();
if (!programs) {
  const text = 'Skipped: no PostgreSQL on this machine. Install it: apt-get install postgresql';
  if (process.env.CI) throw new Error(text);
  console.warn(text);
}

/** `describe` where there is a PostgreSQL to start, else `describe.skip`. */
export const describeIfPostgres = programs ? describe : describe.skip;

/** True where there is a PostgreSQL to start. */
export const hasPostgres = programs !== undefined;

/** A PostgreSQL process on a free port of this machine, with an empty database, never run by root. */
export class PostgresServer {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    process.once('exit', this.onExit);
  }

  /** Creates a cluster of databases and starts its server; resolves when it accepts connections. */
  static async start(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nestwire-postgres-'));
    const { uid, gid } = postgresUser();
    if (uid !== undefined) await chown(folder, uid, gid!);
    const server = new PostgresServer(folder, await freePort());
    await run(
      join(programs!, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      { uid, gid },
    );
    await server.restart();
    return server;
  }

  /** The URL for clients. */
  get url(): string {
    return `postgres://test@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts the server again, on the same port and data. */
  async restart(): Promise<void> {
    await this.kill();
    const settings = {
      fsync: 'off',
      shared_buffers: '64MB',
      max_connections: '60',
      unix_socket_directories: '',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = (this.child = spawn(
      join(programs!, 'postgres'),
      ['-D', join(this.folder, 'data'), '-h', '127.0.0.1', '-p', `${this.port}`, ...args],
      { ...postgresUser(), stdio: ['ignore', 'ignore', 'pipe'] },
    ));
    let log = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4_000)));
    await until(() => {
      if (child.exitCode !== null) throw new Error(`postgres ended at once:\n${log}`);
      return log.includes('database system is ready to accept connections');
    });
  }

  /** Ends the server at once, without a checkpoint, as a crash does; resolves when it has ended. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGQUIT');
    await ended;
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private readonly onExit = (): void => void this.child?.kill('SIGQUIT');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
