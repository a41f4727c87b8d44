import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The built site, served as a host without rules for single pages serves it. */
export class SiteServer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** Serves the site on a free port: `DOCS_DIST`, where it is built already, else a build of its own. */
  static async start(): Promise<SiteServer> {
    const folder = process.env.DOCS_DIST ? resolve(ROOT, process.env.DOCS_DIST) : buildSite();
    const server = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url!, 'http://site').pathname));
      const file = fileOf(join(folder, path));
      response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(file ?? '')] ?? 'text/plain' });
      if (file) createReadStream(file).pipe(response);
      else response.end();
    });
    if (!process.env.DOCS_DIST) server.on('close', () => rmSync(folder, { recursive: true }));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new SiteServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

function buildSite(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nestwire-site-'));
  const command = ['run', '--silent', 'docs:build', '--', '--outDir', folder];
  const { status, stdout, stderr } = spawnSync('npm', command, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The site cannot be built:\n${stdout}${stderr}`);
  return folder;
}

/** Returns the file of a path: itself, its page, or the index of its folder. */
function fileOf(path: string): string | undefined {
  const candidates = [path, `${path.replace(/\/$/, '')}.html`, join(path, 'index.html')];
  return candidates.find((name) => existsSync(name) && statSync(name).isFile());
}
