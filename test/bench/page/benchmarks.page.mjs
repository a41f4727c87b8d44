import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdownTable, measuredText, tableSectionOf } from '../report.mjs';
import { plotOf } from './plot.mjs';

const PAGE = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url));
const PLOT = fileURLToPath(new URL('../../../docs/images/benchmarks.svg', import.meta.url));
const BEGIN = '<!-- by hand: profile -->';
const END = '<!-- end -->';

/**
 * The results of a run, with its machine and its options.
 *
 * @typedef {ReturnType<typeof import('../machine.mjs').machineOf> & {
 *   roundMs: number, warmUpMs: number, workloads: readonly import('../report.mjs').Outcome[] }} Run
 */

/** Writes the page and its plot; what stands on the page by hand stays. @param {Run} run */
export function writePage(run) {
  writeFileSync(PLOT, plotOf(measuredIn(run)));
  writeFileSync(PAGE, pageOf(run, existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : ''));
}

/**
 * Returns the page's text.
 *
 * @param {Run} run
 * @param {string} before what stands there now
 */
export function pageOf(run, before) {
  const outcomes = measuredIn(run);
  return `# Benchmarks

After reading this page you know what a message costs in CPU time and memory, beside bare ws, Nest's gateways and Socket.IO, and how to
measure it yourself. \`npm run bench -- --write\` wrote it.

${machineLine(run)}

![CPU time and memory of each peer, as multiples of the unit of each workload](images/benchmarks.svg)

${HOW}

## Targets

${markdownTable([['workload', 'target', 'measured', ''], ...outcomes.flatMap(verdictRows)]).join('\n')}

## Where the time goes

${BEGIN}
${handWritten(before)}${END}

${outcomes.map((outcome) => tableSectionOf(outcome)).join('\n')}
${VERSIONS_HEAD}

${versionsTable(run.versions)}
`;
}

/** Without what was skipped or failed. @param {Run} run */
function measuredIn({ workloads }) {
  return workloads.filter(({ summary }) => summary);
}

function machineLine({ date, cores, roundMs, versions }) {
  return `Measured on ${date} with Node ${versions.node} on one machine with ${cores} cores, in rounds of ${roundMs} ms. Other machines and other
clients give other figures; run it yourself.`;
}

function verdictRows({ name, targets }) {
  return targets.map((verdict) => [
    name,
    verdict.text,
    measuredText(verdict),
    verdict.isMet ? 'met' : 'not met',
  ]);
}

function versionsTable(versions) {
  return markdownTable([['package', 'version'], ...Object.entries(versions)]).join('\n');
}

function handWritten(page) {
  const start = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  return start < 0 || end < 0 ? '' : page.slice(start + BEGIN.length + 1, end);
}

const VERSIONS_HEAD = '## Versions';

const HOW = `## How it is measured

\`\`\`
npm run bench                                         all workloads, some 25 minutes
npm run bench -- --write                              the same; writes this page, its plot and the figures in the README
npm run bench -- --quick --json                       four minutes; machine-readable
npm run bench -- --only echo-1 --peers nestwire,ws    one workload, two peers
npm run bench -- --only echo-1 --profile nestwire     with a CPU profile of that server
npm run bench -- --only tokens-1000,tokens-1000-redis 1,000 generations of 500 tokens, which run only when named
\`\`\`

- Each peer is a server process of its own, each load generator too: raw sockets that write frames made in advance. Both are
  proven to do what is measured before it counts: what comes back is what was sent, and what validates refuses a bad message.
- Rounds are interleaved: all peers of a workload stand at the same time, and each has its turn in every round, so that a noisy moment of the
  machine hits all alike. A ratio is that of the medians; in brackets stands where nine of ten lie when the rounds are drawn anew.
- CPU is the server's own accounting (\`process.cpuUsage()\`), kernel included, divided by what was answered, delivered, or by the connections
  that came and went; in a cluster that of both servers together. Latency and rate also depend on what else the machine does.
- Memory is what the resident size grows by with each connection, garbage collected before and after, in a server process of its own each round;
  with each subscription, where connections that are there subscribe.
- Memory of a kept message is what its process uses more on the heap, garbage collected before and after, or what Redis
  uses more (\`used_memory\`), divided by the messages that are then read back: once right after they were posted, and
  once as two minutes later, when their ids are no longer remembered.
- When all come back, they were cut off in four waves, with messages posted after each; those who missed least come
  first, which is the worst order. A client counts when it has each message that it missed; reads of Redis are what
  Redis counted (\`INFO commandstats\`) between the first connect and the last client. The channel without history brings
  nothing.
- A reply is a small message. The peers get the same request and answer with the same fields. An \`ack\` of nestwire answers all messages up to
  its id, so it costs less than a frame for each message.
- A stream of items is read to its end, and each item counts as a message. Clients of nestwire grant credit when half of their window is consumed.
  Tokens come from one fake model that all peers share: an async generator with a timer for each token.
- How a client writes decides what its messages cost: what comes in one write is read and answered in one turn. In the workloads that say so a client
  writes all that it has to send in one write; in those named \`…-separate\` each message in a write of its own, as most WebSocket clients do. Clients of
  nestwire write each message in a write of its own.
- In all rows ws works without its optional native addon \`bufferutil\`, except in those named after it.
- The message has six fields, one of them a nested object, one a date. nestwire decodes and validates it and runs a guard; \`ws\` and
  \`socket.io\` parse JSON and validate nothing.

| peer | what it is |
|---|---|
| \`nestwire\` | this library as it comes, the limits of rates raised |
| \`nestwire-forward\` | the same, where a listener of each session forwards the message, in place of \`session.subscribe\` |
| \`nestwire-recoverable\` | the same as \`nestwire\` on a channel with history, to which a client that was away could come back |
| \`nestwire-await\` | the same as \`nestwire\`, where the handler awaits its post: one of a client's posts after the other goes to Redis and back |
| \`nestwire-message\` | a message of the same fields that is acknowledged, beside calls with a reply |
| \`nestwire-send\` | the same, answered with \`session.sendStreamMessage\` |
| \`nestwire-void\` | a call whose method returns nothing |
| \`nestwire-resumable\` | a call whose items are stored, so that its client can continue it: in the process, or in Redis |
| \`nestwire+bufferutil\`, \`ws+bufferutil\` | the same as \`nestwire\` and \`ws\`, with ws's optional native addon; measured where it is installed: \`npm install --no-save bufferutil@4.1.0\` |
| \`ws\` | bare ws, JSON.parse and JSON.stringify; in fan-out one string for all |
| \`ws-buffer\` | the same with one buffer for all |
| \`ws+ioredis\` | bare ws, and pub/sub of ioredis by hand |
| \`ws+stream\` | bare ws over a stream of Redis by hand: each that comes back reads what is behind its id |
| \`ws-items\` | bare ws that sends tokens by hand, and waits while the socket has much to send |
| \`ws+xadd\` | the same, with an \`XADD\` of each token before it is sent |
| \`array\` | the texts in arrays, and nothing beside them |
| \`xadd\` | the texts in bare streams of Redis, as long |
| \`nest-gateway\` | a gateway on Nest's \`WsAdapter\` with \`ValidationPipe\` |
| \`nest-gateway-plain\` | the same without the pipe |
| \`nest-io\` | a gateway on Nest's adapter of Socket.IO with \`ValidationPipe\` |
| \`nest-controller\` | a controller on Express with \`ValidationPipe\`; HTTP connections that are kept alive |
| \`nest-sse\` | a controller with \`@Sse\` |
| \`nest-resolve\` | bare ws, and \`moduleRef.resolve\` of the same objects for each connection |
| \`socket.io\`, \`socket.io+redis-adapter\` | Socket.IO alone, WebSockets only |
| \`trpc\` | tRPC over WebSockets with a schema of zod: a mutation, or a subscription |
| \`libraries\` | class-transformer and class-validator alone |
| \`zod\`, \`valibot\`, \`arktype\` | the schema library alone; the date is made by hand |
| \`nestwire-zod\` and others | this library with a message of that schema |`;
