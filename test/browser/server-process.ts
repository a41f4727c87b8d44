import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The first start fills the rooms; on a busy machine that takes minutes. */
const START_MS = 240_000;

/** A program of the example that prints the URLs it serves, as its users start it. */
export class ServerProcess {
  #output = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /**
   * Starts a built program and waits until it has printed as many URLs as it serves.
   *
   * @param script relative to the repository, as in `apps/chat-server/dist/main.js`
   * @throws {Error} when it ends, or 240 s pass, before that; with what it printed
   */
  static async start(script: string, env: NodeJS.ProcessEnv, urlCount = 1): Promise<ServerProcess> {
    const options = { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'pipe' } as const;
    const server = new ServerProcess(spawn(process.execPath, [script], options));
    try {
      await server.#served(urlCount);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Everything it has printed. */
  get output(): string {
    return this.#output;
  }

  /** The URLs that it serves, in the order printed. */
  get urls(): readonly string[] {
    return [...new Set(this.#output.match(/http:\/\/localhost:\d+/g))];
  }

  /** Ends it and waits until it has; by default as Ctrl-C does. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }

  #served(urlCount: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`The server did not start:\n${this.#output}`));
      const timer = setTimeout(fail, START_MS);
      this.child.once('exit', fail);
      this.child.stdout!.on('data', () => {
        if (this.urls.length < urlCount) return;
        clearTimeout(timer);
        this.child.removeListener('exit', fail);
        resolve();
      });
    });
  }
}
