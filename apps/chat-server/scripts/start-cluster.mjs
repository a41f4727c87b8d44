// Starts two chat servers and a Redis; open one URL in each of two tabs. Redis is REDIS_URL, or one of this
// machine (on Debian also the unpacked package), which is started and stopped with the servers. The messages are in
// the PostgreSQL of DATABASE_URL, or in one of this machine with its data in the folder of the chat, or in one file
// that both servers share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../../test/rig/redis-server.mjs';
import { startDatabase } from './cluster-database.mjs';
import { endWithThis } from './end-with-parent.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function startCluster() {
  const redis = process.env.REDIS_URL ? givenRedis(process.env.REDIS_URL) : await ownRedis();
  console.log(`Redis: ${redis.url} (${redis.source})`);
  const database = await startDatabase(process.env).catch(async (error) => {
    await redis.stop();
    throw error;
  });
  console.log(`Database: ${database.source}`);
  const first = Number(process.env.PORT ?? 3000);
  const env = { REDIS_URL: redis.url, DATABASE_URL: database.url };
  const servers = [first, first && first + 1].map((port) => startServer(port, env));
  let isStopping = false;
  const stop = async (code) => {
    if (isStopping) return;
    isStopping = true;
    await Promise.all(servers.map(stopServer));
    await Promise.all([redis.stop(), database.stop()]);
    process.exit(code);
  };
  // Ctrl-C may come twice: from the terminal and from npm.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(0));
  for (const server of servers) server.once('exit', () => void stop(1));
  void database.failed().then((reason) => {
    if (!isStopping) console.error(reason);
    return stop(1);
  });
}

async function ownRedis() {
  const redis = await startRedis();
  const release = endWithThis(redis.pid ?? 0, 'TERM');
  return { url: redis.url, source: redis.source, stop: () => redis.stop().then(release) };
}

function givenRedis(url) {
  return { url, source: 'REDIS_URL', stop: async () => undefined };
}

function startServer(port, cluster) {
  const env = { ...process.env, ...cluster, PORT: String(port) };
  const server = spawn(process.execPath, [MAIN], { env, stdio: 'inherit' });
  endWithThis(server, 'TERM');
  return server;
}

async function stopServer(server) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

startCluster().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
