import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ratioOf } from '../statistics.mjs';
import { ratioText } from '../report.mjs';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const BEGIN = '<!-- figures -->';
const END = '<!-- /figures -->';
const NONE = '–';

/** Each row: what it says, the workload, its figure, and the peers that stand beside nestwire. */
export const README_ROWS = [
  ['a message decoded, validated, guarded and answered', 'echo-1', 'cpuUs'],
  ['the same, 16 on their way on each connection, written by the client in one write', 'echo-16', 'cpuUs'],
  ['the same, each written in a write of its own', 'echo-16-separate', 'cpuUs'],
  ['one message to 1,000 receivers', 'fan-out', 'cpuUs'],
  ['16 messages to 1,000 receivers, posted in one write', 'fan-out-16', 'cpuUs'],
  ['the same, each posted in a write of its own', 'fan-out-16-separate', 'cpuUs'],
  [
    '16 messages in one write, through Redis to two servers with 500 receivers each; bare: ws and ioredis by hand',
    'cluster-16',
    'cpuUs',
  ],
  ['the same, each posted in a write of its own', 'cluster-16-separate', 'cpuUs'],
  ['memory of an idle, authenticated connection with an open stream', 'idle', 'rssKb'],
].map(([text, workload, figure]) => ({ text, workload, figure }));

/** The columns: a head, and the names of the peer in different workloads. */
const COLUMNS = [
  ['bare ws with JSON', ['ws', 'ws+ioredis']],
  // The variant with the pipe serves the workloads with validation.
  ['Nest gateway, with `ValidationPipe` where it answers', ['nest-gateway', 'nest-gateway-plain']],
  ['Socket.IO', ['socket.io', 'socket.io+redis-adapter']],
];

/** Writes the figures into the README; what was not measured is left out. @param {import('./benchmarks.page.mjs').Run} run */
export function writeReadme(run) {
  if (existsSync(README)) writeFileSync(README, readmeOf(run, readFileSync(README, 'utf8')));
}

/**
 * Returns the README with the figures of a run between its marks.
 *
 * @param {import('./benchmarks.page.mjs').Run} run
 * @param {string} before
 */
export function readmeOf(run, before) {
  const start = before.indexOf(BEGIN);
  const end = before.indexOf(END);
  if (start < 0 || end < 0) return before;
  return `${before.slice(0, start + BEGIN.length)}\n\n${figuresOf(run)}\n\n${before.slice(end)}`;
}

function figuresOf(run) {
  const { date, cores, versions, workloads } = run;
  const rows = README_ROWS.flatMap(({ text, workload, figure }) => {
    const outcome = workloads.find(({ name, rounds }) => name === workload && rounds?.nestwire);
    return outcome ? [[text, ...COLUMNS.map(([, peers]) => cellOf(outcome.rounds, peers, figure))]] : [];
  });
  return [
    `Measured on ${date} with Node ${versions.node} on one machine with ${cores} cores: the median of several rounds, and`,
    'in brackets the spread. Other machines and other clients give other figures; `npm run bench` measures yours.',
    '',
    `| | ${COLUMNS.map(([head]) => head).join(' | ')} |`,
    '|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function cellOf(rounds, peers, figure) {
  const peer = peers.find((name) => rounds[name]);
  return peer ? ratioText(ratioOf(rounds.nestwire, rounds[peer], figure)) : NONE;
}
