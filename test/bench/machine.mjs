import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

const SPARE_FILES = 200;
const BUFFER_UTIL = 'bufferutil';
const ABSENT = 'not installed';
const PACKAGES = [
  ['ws', '.'],
  ['@nestjs/core', '.'],
  ['@nestjs/platform-ws', '.'],
  ['@nestjs/platform-socket.io', '.'],
  ['class-transformer', '.'],
  ['class-validator', '.'],
  ['ioredis', '.'],
  ['socket.io', '.'],
  ['@socket.io/redis-adapter', '.'],
  ['@trpc/server', '.'],
  [BUFFER_UTIL, '.'],
];

/** Returns the versions of the software by name, and the number of cores. */
export function machineOf() {
  const packages = Object.fromEntries(PACKAGES.map(([name]) => [name, versionOf(name)]));
  return {
    date: today(),
    cores: availableParallelism(),
    versions: { node: process.versions.node, ...packages },
  };
}

/** Tells why a workload cannot run here; undefined when it can. @param {import('./workloads.mjs').Workload} workload */
export function obstacleOf({ connections = 0 }) {
  const limit = openFilesLimit();
  const needed = connections + SPARE_FILES;
  if (needed <= limit) return undefined;
  return `It needs ${needed} open files a process, and "ulimit -n" allows ${limit}.`;
}

/** Tells whether the optional native addon of ws is installed; the tests do without it. */
export function hasBufferUtil() {
  return versionOf(BUFFER_UTIL) !== ABSENT;
}

function openFilesLimit() {
  // The types of Node 20 lack this setting.
  Object.assign(process.report, { excludeNetwork: true });
  const { soft } = /** @type {any} */ (process.report.getReport()).userLimits?.open_files ?? {};
  return typeof soft === 'number' ? soft : Infinity;
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function versionOf(name) {
  const paths = createRequire(import.meta.url).resolve.paths(name);
  for (const path of paths ?? []) {
    const version = readVersion(`${path}/${name}/package.json`);
    if (version) return version;
  }
  return ABSENT;
}

function readVersion(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).version;
  } catch {
    return undefined;
  }
}
