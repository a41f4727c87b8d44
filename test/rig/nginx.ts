import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from './until.js';

/** The folders beside PATH in which packages put servers. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

const binary = find('nginx');
const openssl = find('openssl');
if (!binary || !openssl) {
  const text =
    'Skipped: no nginx or no openssl on this machine. Install them: apt-get install nginx-light openssl';
  if (process.env.CI) throw new Error(text);
  console.warn(text);
}

/** `describe` where there is nginx to start, else `describe.skip`. */
export const describeIfNginx = binary && openssl ? describe : describe.skip;

/** The text of a configuration, and what differs on this machine. */
export interface NginxConfiguration {
  /** The directives outside of `http`. */
  readonly main: string;
  /** The directives inside of `http`. */
  readonly http: string;
  /** Texts of the configuration that are replaced; each of them stands there once. */
  readonly replaced: Readonly<Record<string, string>>;
}

/** An nginx of a test: real processes with a certificate of its own, on a free port of 127.0.0.1. */
export class Nginx {
  /** The certificate of the server, to be trusted by clients. */
  readonly certificate: string;
  private log = '';

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    this.certificate = readFileSync(join(folder, 'server.crt'), 'utf8');
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    process.once('exit', this.onExit);
  }

  /** Starts nginx; resolves when it accepts connections. */
  static async start(configure: (port: number) => NginxConfiguration): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'nestwire-nginx-'));
    makeCertificate(folder);
    const port = await freePort();
    const { main, http, replaced } = configure(port);
    // Without these, nginx writes to folders of the system, which only root may.
    const ownFiles = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .concat('access_log off;');
    const text = withReplaced(`${main}\nhttp {\n${http}\n}\n`, {
      ...replaced,
      '/etc/nginx/tls/app.crt': `${folder}/server.crt`,
      '/etc/nginx/tls/app.key': `${folder}/server.key`,
    });
    writeFileSync(join(folder, 'nginx.conf'), text.replace('\nhttp {', `\nhttp { ${ownFiles.join(' ')}`));
    const globals = `daemon off; pid ${folder}/nginx.pid; error_log stderr notice;`;
    const args = ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf'), '-g', globals];
    const nginx = new Nginx(port, folder, spawn(binary!, args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    await nginx.logged('start worker process ');
    return nginx;
  }

  /** Reads the configuration again, as an operator does; resolves when the new workers run. */
  async reload(): Promise<void> {
    const before = this.log.length;
    this.child.kill('SIGHUP');
    await this.logged('gracefully shutting down', before);
  }

  /** Ends nginx and removes its files. */
  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    this.child.kill('SIGTERM');
    await until(() => this.hasEnded);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async logged(text: string, from = 0): Promise<void> {
    await until(() => this.hasEnded || this.log.includes(text, from));
    if (this.hasEnded) throw new Error(`nginx has ended:\n${this.log}`);
  }

  private readonly onExit = (): void => void this.child.kill('SIGTERM');
}

/** Replaces texts that each stand once in another. */
function withReplaced(text: string, replaced: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [from, to] of Object.entries(replaced)) {
    if (text.split(from).length !== 2) throw new Error(`"${from}" does not stand once in:\n${text}`);
    result = result.replace(from, () => to);
  }
  return result;
}

function makeCertificate(folder: string): void {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    'server.key',
  ];
  const args = ['req', '-x509', '-days', '2', ...subject, ...key, '-out', 'server.crt'];
  const { status, stderr } = spawnSync(openssl!, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl made no certificate:\n${stderr}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
