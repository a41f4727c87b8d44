// The load generator of one contender, in a process of its own.
import { RawClient } from '../../rig/raw-client.mjs';
import { answerParent } from '../../rig/child.mjs';
import { driveEcho } from './echo.mjs';
import { driveFanOut } from './fan-out.mjs';
import { driveFollow } from './follow.mjs';
import { driveHold } from './hold.mjs';
import { driveItems } from './items.mjs';
import { driveLives } from './lives.mjs';
import { drivePaced } from './paced.mjs';
import { driveRejoin } from './rejoin.mjs';

/**
 * The setup of a driver, which proves that the peer does the measured work, and resolves to the function of a round,
 * which has a function `prepare` where something goes before.
 *
 * @typedef {object} Load
 * @property {(index: number) => Promise<RawClient>} join connects and greets, to each server in turn
 * @property {(index: number) => Promise<RawClient>} open connects, and says nothing
 * @property {any} dialect the frames of the peer: a module of `../peers/*.dialect.mjs`
 * @property {import('../workloads.mjs').Workload} workload
 * @property {boolean} validates whether the peer must refuse a bad message
 * @property {number} [perSecond] the rate of a paced load
 */

const drivers = {
  echo: driveEcho,
  paced: drivePaced,
  'fan-out': driveFanOut,
  lives: driveLives,
  hold: driveHold,
  follow: driveFollow,
  items: driveItems,
  rejoin: driveRejoin,
};
let runRound;

async function start({ ports, dialectFile, ...details }) {
  const { workload } = details;
  const { dialects } = await import(`../peers/${dialectFile}`);
  const dialect = dialects[workload.kind];
  const Client = dialect.Client ?? RawClient;
  const open = (index) => Client.open(ports[index % ports.length], dialect.path);
  const join = async (index) => {
    const connection = await open(index);
    // Listens before it speaks: an answer may come with the next bytes.
    const isReady = dialect.isReady && connection.next(dialect.isReady);
    for (const text of dialect.hello(index)) connection.send(text);
    await isReady;
    return connection;
  };
  runRound = await drivers[workload.load]({ join, open, dialect, ...details });
}

async function round({ ms }) {
  const before = process.cpuUsage();
  const figures = await runRound(ms);
  const { user, system } = process.cpuUsage(before);
  return { ...figures, loadCpuUs: user + system };
}

answerParent({ start, prepare: () => runRound.prepare(), round });
