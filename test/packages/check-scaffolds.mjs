// Follows the quick start as a new user does in an empty folder, with each supported version of Node, and of Nest:
// runs its commands as they are printed, writes its files, builds, lets two terminals talk, and runs the scaffold's own test runner on the
// code of the testing page. Needs a build and the npm registry.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveRegistry } from './local-registry.mjs';
import { installNodes } from './node-versions.mjs';
import { packAll } from './pack.mjs';

const DEADLINE_MS = 60_000;
const QUICK_START = readFileSync('docs/quick-start.md', 'utf8');
const TESTING = readFileSync('docs/testing.md', 'utf8');
const TESTING_SPEC = readFileSync('test/docs/testing.spec.ts', 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'nestwire-scaffolds-'));
const registry = await serveRegistry(packAll(folder));
try {
  const nodes = installNodes(folder);
  const runs = [...nodes.map((node) => ({ major: 12, node })), { major: 11, node: nodes[0] }];
  for (const { major, node } of runs) {
    const startedAt = performance.now();
    const problem = await tryOut(major, node).catch((error) => error);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(
      `${problem ? 'FAILED' : 'ok    '}  the quick start with Nest ${major} on ${node.name} (${seconds} s)`,
    );
    if (!problem) continue;
    console.log(problem.stack);
    process.exitCode = 1;
  }
} finally {
  registry.close();
  rmSync(folder, { recursive: true });
}

async function tryOut(major, { name, env }) {
  const place = join(folder, `nest-${major}, ${name}`.replace(/\W+/g, '-'));
  mkdirSync(place);
  await run(blockAfter(QUICK_START, `nest-${major}`), place, env);
  const app = join(place, 'hello');
  for (const [path, text] of filesOf(QUICK_START)) writeFileSync(join(app, path), text);
  await run('npm run build', app, env);
  await letTerminalsTalk(app, env);

  await run(blockAfter(TESTING, 'install'), app, env);
  if (major === 11) useJestConfiguration(app);
  writeFileSync(join(app, 'src/chat-endpoint.spec.ts'), TESTING_SPEC);
  // The scaffold's own spec is about a module that the quick start replaces.
  await run('npm test', app, env);
}

/** Returns the code of the block that follows a marker. */
function blockAfter(page, marker) {
  const [, code] = new RegExp(`<!-- ${marker} -->\\s+\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  if (!code) throw new Error(`The page has no block behind <!-- ${marker} -->.`);
  return code;
}

/** Returns the files that the quick start shows: each name stands above its code. */
function filesOf(page) {
  const pattern = /`(src\/[\w.-]+)`\s+<!-- region: .*? -->\s+```ts\n([\s\S]*?)```/g;
  return [...page.matchAll(pattern)].map(([, path, code]) => [path, code]);
}

function useJestConfiguration(app) {
  const path = join(app, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  const { jest } = JSON.parse(`{${blockAfter(TESTING, 'jest-commonjs')}}`);
  writeFileSync(path, JSON.stringify({ ...manifest, jest }, null, 2));
}

async function letTerminalsTalk(app, env) {
  const port = await freePort();
  const server = start(['dist/main.js'], app, { ...env, PORT: String(port) });
  try {
    await server.prints('Nest application successfully started');
    const url = `ws://localhost:${port}/streams`;
    const [ada, grace] = ['Ada', 'Grace'].map((name) => start(['dist/terminal.js', name, url], app, env));
    await Promise.all([ada.prints('(connected)'), grace.prints('(connected)')]);
    ada.type('Hello?');
    await grace.prints('Ada: Hello?');
    await Promise.all([ada.end(), grace.end()]);
  } finally {
    await server.kill();
  }
}

/** Starts a Node process and follows what it prints. */
function start(argv, cwd, env) {
  const child = spawn('node', argv, { cwd, stdio: 'pipe', env });
  let output = '';
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  return {
    async prints(text) {
      const end = performance.now() + DEADLINE_MS;
      while (!output.includes(text)) {
        if (performance.now() > end)
          throw new Error(`"${text}" was not printed by ${argv.join(' ')}, but:\n${output}`);
        await new Promise((next) => setTimeout(next, 50));
      }
    },
    type: (line) => child.stdin.write(`${line}\n`),
    async end() {
      child.stdin.end();
      if ((await exited) !== 0) throw new Error(`${argv.join(' ')} failed:\n${output}`);
    },
    async kill() {
      child.kill();
      await exited;
    },
  };
}

async function run(command, cwd, nodeEnv) {
  const env = { ...nodeEnv, ...registry.env, npm_config_audit: 'false', npm_config_fund: 'false' };
  // The registry of the packages answers from this process, which must not be blocked.
  const child = spawn('bash', ['-e', '-c', command], { cwd, stdio: 'inherit', env });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`This failed in the scaffold:\n${command}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
