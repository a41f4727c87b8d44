// The load generator of one contender, in a process of its own.
import { isDeepStrictEqual } from 'node:util';
import { answerParent } from '../../rig/child.mjs';
import { NOTE } from '../note.mjs';
import { driveEcho } from './echo.mjs';
import { driveFanOut } from './fan-out.mjs';
import { RawClient } from '../../rig/raw-client.mjs';
import { Round } from './round.mjs';

const CONNECTS_AT_ONCE = 50;
const drivers = { echo: driveEcho, 'fan-out': driveFanOut };
let runRound;

/** Connects, and proves that the peer does what is measured. */
async function start({ port, dialectFile, workload, validates }) {
  const { dialects } = await import(`../peers/${dialectFile}`);
  const dialect = dialects[workload.kind];
  if (validates) await checkRefusal(port, dialect);
  const connections = [];
  while (connections.length < workload.connections) {
    const count = Math.min(CONNECTS_AT_ONCE, workload.connections - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: count }, () => join(port, dialect)))));
  }
  await checkAnswer(connections, dialect, workload);
  runRound = drivers[workload.kind](connections, { dialect, inFlight: workload.inFlight });
}

async function join(port, dialect) {
  const connection = await RawClient.open(port, dialect.path);
  for (const text of dialect.hello) connection.send(text);
  if (dialect.isReady) await connection.next(dialect.isReady);
  return connection;
}

async function checkRefusal(port, dialect) {
  const connection = await join(port, dialect);
  connection.send(dialect.badNote(1));
  const text = await connection.next(() => true);
  connection.reset();
  if (!dialect.isRefusal(text)) throw new Error(`A bad message was not refused: ${text}`);
}

async function checkAnswer(connections, dialect, { kind }) {
  const receivers = kind === 'echo' ? connections.slice(0, 1) : connections;
  const isAnswer = (text) => dialect.isAnswer(Buffer.from(text), 0);
  const answers = receivers.map((connection) => connection.next(isAnswer));
  connections[0].send(dialect.note(1));
  for (const text of await Promise.all(answers)) {
    const data = dialect.dataOf(text);
    if (!isDeepStrictEqual(data, NOTE)) throw new Error(`Not what was sent: ${text}`);
  }
}

async function round({ ms }) {
  const before = process.cpuUsage();
  const figures = await runRound(new Round(ms));
  const { user, system } = process.cpuUsage(before);
  return { ...figures, loadCpuUs: user + system };
}

answerParent({ start, round });
