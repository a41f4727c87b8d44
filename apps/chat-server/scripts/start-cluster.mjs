// Starts two chat servers and a Redis; open one URL in each of two tabs. Redis is REDIS_URL, or one of this
// machine (on Debian also the unpacked package), which is started and stopped with the servers. The messages are in
// the PostgreSQL of DATABASE_URL, or in one file that both servers share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../../../test/rig/redis-server.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function startCluster() {
  const redis = process.env.REDIS_URL ? givenRedis(process.env.REDIS_URL) : await startRedis();
  console.log(`Redis: ${redis.url} (${redis.source})`);
  console.log(
    `Database: ${process.env.DATABASE_URL ? 'PostgreSQL (DATABASE_URL)' : 'a file of both servers'}`,
  );
  const first = Number(process.env.PORT ?? 3000);
  const servers = [first, first && first + 1].map((port) => startServer(port, redis.url));
  const stop = async (code) => {
    await Promise.all(servers.map(stopServer));
    await redis.stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop(0));
  for (const server of servers) server.once('exit', () => void stop(1));
}

function givenRedis(url) {
  return { url, source: 'REDIS_URL', stop: async () => undefined };
}

function startServer(port, redisUrl) {
  const env = { ...process.env, PORT: String(port), REDIS_URL: redisUrl };
  return spawn(process.execPath, [MAIN], { env, stdio: 'inherit' });
}

async function stopServer(server) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.removeAllListeners('exit').kill('SIGTERM');
  await once(server, 'exit');
}

startCluster().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
