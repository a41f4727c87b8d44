import { joinAll } from './connections.mjs';
import { required } from '../../rig/required.mjs';

const WARM_UP_CONNECTIONS = 20;

/**
 * Connects, and in a round lets each connection follow channels; its messages are subscriptions.
 *
 * @param {import('./load-process.mjs').Load} load
 */
export async function driveFollow(load) {
  // The first connections pay for everything that the server makes once.
  const workload = { ...load.workload, connections: WARM_UP_CONNECTIONS };
  const first = await joinAll({ ...load, workload });
  for (const connection of first) await follow(connection, load);
  await Promise.all(first.map((connection) => connection.close()));
  const connections = await joinAll(load);
  const channels = required(load.workload.channels, 'number of channels');
  return async () => {
    for (const connection of connections) await follow(connection, load);
    return { messages: connections.length * channels };
  };
}

/** Asks for the channels, and resolves when all of them flow. */
function follow(connection, { dialect, workload }) {
  let missing = workload.channels;
  return new Promise((resolve, reject) => {
    connection.onEnd = reject;
    connection.onFrame = (bytes, start) => {
      if (dialect.isBack(bytes, start) && --missing === 0) resolve(undefined);
    };
    connection.send(dialect.note(1));
  });
}
