import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const START_MS = 15_000;
/** The folders beside PATH in which packages put servers. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

const binary = findBinary();
if (!binary) {
  const text = 'Skipped: no nats-server on this machine. Install it: apt-get install nats-server';
  if (process.env.CI) throw new Error(text);
  console.warn(text);
}

/** `describe` where there is a NATS server to start, else `describe.skip`. */
export const describeIfNats = binary ? describe : describe.skip;

/** A nats-server process on a free port of this machine. */
export class NatsServer {
  private child: ChildProcess | undefined;
  private port = -1;

  private constructor() {
    process.once('exit', this.onExit);
  }

  /** Starts a server; resolves when it accepts connections. */
  static async start(): Promise<NatsServer> {
    const server = new NatsServer();
    await server.restart();
    return server;
  }

  /** The address for clients. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts the server again, on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    const args = ['--addr', '127.0.0.1', '--port', `${this.port}`];
    const child = (this.child = spawn(binary!, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    this.port = await listeningPort(child);
  }

  /** Kills the server; resolves when it has ended. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Kills the server for good. */
  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    await this.kill();
  }

  private readonly onExit = (): void => void this.child?.kill('SIGKILL');
}

/** Reads the port from the log, which the server writes to its standard error. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = () => reject(new Error(`nats-server did not start:\n${output}`));
    const timer = setTimeout(fail, START_MS);
    child.once('error', fail).once('exit', fail);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
      const port = /Listening for client connections on [\d.]+:(\d+)/.exec(output)?.[1];
      if (!port || !output.includes('Server is ready')) return;
      clearTimeout(timer);
      child.off('exit', fail);
      resolve(Number(port));
    });
  });
}

function findBinary(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
